import { once } from 'node:events';
import { connect } from 'node:net';
import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HEALTH_PROTO } from '../../src/grpc/standard-protos.ts';
import { ConnectionRoom } from '../../src/kit/net/connection-room.ts';
import { until } from '../support/until.ts';
import { gorushClient, unaryCall } from './clients.ts';
import { serve } from './grpc-server.ts';

const definition = fromJSON(protobuf.parse(HEALTH_PROTO, { keepCase: true }).root.toJSON(), { enums: String });
const { grpc } = loadPackageDefinition(definition) as unknown as {
  grpc: { health: { v1: { Health: ServiceClientConstructor } } };
};

interface Status {
  readonly status: string;
}

function healthClient(port: number) {
  const client = new grpc.health.v1.Health(`localhost:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  return {
    call: (method: string, request: object = {}) => unaryCall(client, method, request, {}),
    watch: (service: string) =>
      (client as unknown as { Watch(r: object): ClientReadableStream<Status> }).Watch({ service }),
  };
}

const next = (stream: ClientReadableStream<Status>): Promise<string> =>
  new Promise((resolve) => stream.once('data', (message: Status) => resolve(message.status)));

const ended = (stream: ClientReadableStream<Status>): Promise<number> =>
  new Promise((resolve) => {
    stream.on('error', () => {});
    stream.on('status', ({ code }) => resolve(code));
  });

describe('grpc.health.v1', () => {
  test('Check follows readiness, for the server and for its push service', async () => {
    let ready = true;
    const { port } = await serve({ ready: () => ready });
    const { call } = healthClient(port);
    expect((await call('Check')).reply).toEqual({ status: 'SERVING' });
    ready = false;
    expect((await call('Check')).reply).toEqual({ status: 'NOT_SERVING' });
    expect((await call('Check', { service: 'proto.Gorush' })).reply).toEqual({ status: 'NOT_SERVING' });
  });

  test('Check of an unknown service is NOT_FOUND', async () => {
    const { port } = await serve();
    await expect(healthClient(port).call('Check', { service: 'x' })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  test('List has every service', async () => {
    const { port } = await serve();
    const serving = { status: 'SERVING' };
    expect((await healthClient(port).call('List')).reply).toEqual({
      statuses: { '': serving, 'proto.Gorush': serving },
    });
  });

  test('Watch tells the status at once, then each change', async () => {
    let ready = false;
    const { port } = await serve({ ready: () => ready, pollMs: 5 });
    const stream = healthClient(port).watch('');
    expect(await next(stream)).toBe('NOT_SERVING');
    ready = true;
    expect(await next(stream)).toBe('SERVING');
    ready = false;
    expect(await next(stream)).toBe('NOT_SERVING');
    stream.on('error', () => {});
    stream.cancel();
  });

  test('Watch of an unknown service says so and stays', async () => {
    const { port } = await serve({ pollMs: 5 });
    const stream = healthClient(port).watch('x');
    expect(await next(stream)).toBe('SERVICE_UNKNOWN');
    stream.on('error', () => {});
    stream.cancel();
  });

  test('an address that watches as often as it may is sent away, and may again when one of its watchers leaves', async () => {
    const { port } = await serve();
    const { watch } = healthClient(port);
    const streams = Array.from({ length: 100 }, () => watch(''));
    for (const stream of streams) stream.on('error', () => {});
    await Promise.all(streams.map(next));
    expect(await ended(watch(''))).toBe(status.RESOURCE_EXHAUSTED);
    streams[0]?.cancel();
    await until(async () => {
      const again = watch('');
      const told = await Promise.race([next(again), ended(again)]);
      return told === 'SERVING';
    });
    for (const stream of streams) stream.cancel();
  });

  test('a connection with a call keeps its place, one without makes room', async () => {
    const { port } = await serve({ room: new ConnectionRoom(1) });
    const stream = healthClient(port).watch('');
    stream.on('error', () => {});
    await next(stream);
    const second = connect(port, '127.0.0.1');
    second.on('error', () => {});
    await once(second, 'close');
    stream.cancel();
    const { call } = healthClient(port);
    await until(() =>
      call('Check').then(
        ({ reply }) => reply.status === 'SERVING',
        () => false,
      ),
    );
  });

  test('watchers are told of the end and sent away, so that they do not hold it up', async () => {
    const { port, close } = await serve();
    const stream = healthClient(port).watch('proto.Gorush');
    const end = ended(stream);
    expect(await next(stream)).toBe('SERVING');
    const closed = close(60_000);
    expect(await next(stream)).toBe('NOT_SERVING');
    expect(await end).toBe(status.UNAVAILABLE);
    await closed;
  });
});

describe("Gorush's own proto.Health", () => {
  test('is SERVING as long as the process answers', async () => {
    const { port } = await serve({ ready: () => false });
    const check = gorushClient(port, 'Health');
    expect((await check('Check', {})).reply).toEqual({ status: 'SERVING' });
    await expect(check('Check', { service: 'x' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'unknown service',
    });
  });
});
