import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { PushEntry } from '../../src/push/push-entry.ts';
import { needs } from '../support/needs.ts';
import { serve } from './grpc-server.ts';

const run = promisify(execFile);
const grpcurl = async (...args: string[]): Promise<string> => (await run('grpcurl', args)).stdout.trim();

describe('grpcurl, knowing nothing but the address,', needs('grpcurl'), () => {
  test('lists and describes what is served', async () => {
    const { port } = await serve();
    const at = `localhost:${port}`;
    expect((await grpcurl('-plaintext', at, 'list')).split('\n')).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'proto.Gorush',
      'proto.Health',
    ]);
    const described = await grpcurl('-plaintext', at, 'describe', 'proto.NotificationRequest');
    expect(described).toContain('optional int32 badge = 7;');
    expect(described).toContain('.google.protobuf.Struct data = 14;');
    expect(await grpcurl('-plaintext', at, 'describe', 'google.protobuf.Struct')).toContain(
      'map<string, .google.protobuf.Value> fields = 1;',
    );
    expect(await grpcurl('-plaintext', at, 'describe', 'grpc.health.v1.Health.Watch')).toContain('returns ( stream');
  });

  test.each([
    ['by reflection', []],
    [
      'with the published .proto',
      ['-import-path', fileURLToPath(new URL('../../docs', import.meta.url)), '-proto', 'gorush.proto'],
    ],
  ])('sends a push %s', async (_how, how) => {
    const { port, accepted } = await serve();
    const request = {
      tokens: ['a', 'b'],
      platform: 2,
      badge: 0,
      priority: 'HIGH',
      data: { n: 1, deep: [{ x: null }] },
    };
    const args = [...how, '-plaintext', '-d', JSON.stringify(request), `localhost:${port}`, 'proto.Gorush/Send'];
    expect(JSON.parse(await grpcurl(...args))).toEqual({ success: true, counts: 2 });
    expect(accepted[0]?.notification).toEqual({
      tokens: ['a', 'b'],
      platform: 2,
      badge: 0,
      priority: 'high',
      data: { n: 1, deep: [{ x: null }] },
    });
  });

  test('shows failed tokens in the trailers', async () => {
    const log: PushEntry = { type: 'failed-push', platform: 'ios', token: 't1', message: '', error: 'Unregistered' };
    const { port } = await serve({ accept: () => ({ requestId: 'r1', counts: 1, logs: [log] }), syncMs: 1000 });
    const shown = await grpcurl(
      '-plaintext',
      '-v',
      '-d',
      '{"tokens":["t1"]}',
      `localhost:${port}`,
      'proto.Gorush/Send',
    );
    const encoded = /martlet-failures-bin: (\S+)/.exec(shown)?.[1] as string;
    expect(JSON.parse(Buffer.from(encoded, 'base64').toString())).toEqual([{ token: 't1', error: 'Unregistered' }]);
  });

  test('checks health', async () => {
    const { port } = await serve({ ready: () => false });
    const check = (service: string) => grpcurl('-plaintext', `localhost:${port}`, `${service}/Check`);
    expect(JSON.parse(await check('grpc.health.v1.Health'))).toEqual({ status: 'NOT_SERVING' });
    expect(JSON.parse(await check('proto.Health'))).toEqual({ status: 'SERVING' });
  });
});
