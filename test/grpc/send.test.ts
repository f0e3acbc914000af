import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { PushEntry } from '../../src/push/push-entry.ts';
import { QueueRefusedError } from '../../src/queue/queue-refused-error.ts';
import { gorushClient, struct } from './clients.ts';
import { serve } from './grpc-server.ts';

const entry = (token: string): PushEntry => ({
  type: 'failed-push',
  platform: 'ios',
  token,
  message: 'hi',
  error: 'Unregistered',
  status: 410,
  reason: 'Unregistered',
  category: 'invalid_token',
  invalid_token: true,
  retryable: false,
  attempts: 1,
  request_id: 'r1',
});

/** Sends bytes as they are, as a client with a broken or hostile stub would. */
function sendRaw(port: number, bytes: Buffer): Promise<unknown> {
  const client = new Client(`localhost:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const asIs = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    client.makeUnaryRequest('/proto.Gorush/Send', asIs, asIs, bytes, (error, reply) => resolve(error ?? reply));
  });
}

describe('the answer', () => {
  test('is success and the number of tokens, as Gorush counts them on gRPC', async () => {
    const { port } = await serve();
    const send = gorushClient(port);
    expect((await send('Send', { tokens: ['a', 'b'], platform: 1 })).reply).toEqual({ success: true, counts: 2 });
    expect((await send('Send', { topic: 't', platform: 2 })).reply).toEqual({ success: true, counts: 0 });
    expect((await send('Send', {})).reply).toEqual({ success: true, counts: 0 });
  });

  test('names the request, and has no failures when none are known', async () => {
    const { port } = await serve();
    const { trailer } = await gorushClient(port)('Send', { tokens: ['a'], platform: 1 });
    expect(trailer.get('martlet-request-id')).toEqual(['r1']);
    expect(trailer.get('martlet-failures')).toEqual([]);
    expect(trailer.get('martlet-failures-bin')).toEqual([]);
  });

  test('counts all failures, and lists as many as metadata has room for', async () => {
    const logs = Array.from({ length: 500 }, (_, i) => entry(`token-${i}-ü`));
    const { port } = await serve({ accept: () => ({ requestId: 'r1', counts: 500, logs }), syncMs: 1000 });
    const { trailer } = await gorushClient(port)('Send', { tokens: logs.map(({ token }) => token), platform: 1 });
    expect(trailer.get('martlet-failures')).toEqual(['500']);
    const [bytes] = trailer.get('martlet-failures-bin') as [Buffer];
    expect(bytes.length).toBeLessThanOrEqual(4096);
    const failures = JSON.parse(bytes.toString());
    expect(failures.length).toBeGreaterThan(10);
    expect(failures[0]).toEqual({
      token: 'token-0-ü',
      error: 'Unregistered',
      status: 410,
      reason: 'Unregistered',
      category: 'invalid_token',
      invalid_token: true,
      retryable: false,
      attempts: 1,
    });
  });

  test('a failure too large for metadata is counted and left out', async () => {
    const { port } = await serve({ accept: () => ({ requestId: 'r1', counts: 1, logs: [entry('x'.repeat(9000))] }) });
    const { trailer } = await gorushClient(port)('Send', { tokens: ['x'], platform: 1 });
    expect(trailer.get('martlet-failures')).toEqual(['1']);
    expect(String(trailer.get('martlet-failures-bin')[0])).toBe('[]');
  });
});

describe('a queue that refuses', () => {
  test.each([
    [
      'at once',
      () => {
        throw new QueueRefusedError('the queue is full', 2);
      },
    ],
    ['later', async () => Promise.reject(new QueueRefusedError('the queue is full', 2))],
  ])('%s makes the call UNAVAILABLE and says when to come back', async (_when, accept) => {
    const { port, errors } = await serve({ accept });
    const failure = await gorushClient(port)('Send', { tokens: ['a'], platform: 1 }).catch((error) => error);
    expect(failure).toMatchObject({ code: status.UNAVAILABLE, details: 'the queue is full' });
    expect(failure.metadata.get('grpc-retry-pushback-ms')).toEqual(['2000']);
    expect(failure.metadata.get('retry-after')).toEqual(['2']);
    expect(errors).toEqual([]);
  });
});

test('an error of our own is INTERNAL, told to the log and not to the caller', async () => {
  const { port, errors } = await serve({
    accept: () => {
      throw new Error('secret path /etc/x');
    },
  });
  const failure = await gorushClient(port)('Send', { tokens: ['a'], platform: 1 }).catch((error) => error);
  expect(failure).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
  expect(errors).toEqual([new Error('secret path /etc/x')]);
});

describe('bad input is INVALID_ARGUMENT', () => {
  test.each([
    [
      'a number that JSON lacks',
      { data: { fields: { a: { numberValue: Number.NaN } } } },
      'data.a: NaN is not a JSON number',
    ],
    [
      'an infinity deep inside',
      { data: struct({ a: [{ b: Number.NEGATIVE_INFINITY }] }) },
      'data.a[0].b: -Infinity is not a JSON number',
    ],
    [
      'an extra field of the wrong type',
      { extra: struct({ collapse_id: 5 }) },
      'collapse_id expected a string, got a number',
    ],
  ])('%s', async (_name, request, details) => {
    const { port, accepted } = await serve();
    const failure = await gorushClient(port)('Send', { tokens: ['a'], platform: 1, ...request }).catch((e) => e);
    expect(failure.code).toBe(status.INVALID_ARGUMENT);
    expect(failure.details).toBe(details);
    expect(accepted).toEqual([]);
  });

  test('data beyond the limits of a body', async () => {
    const { port, accepted } = await serve({ jsonLimits: { depth: 8, keys: 100 } });
    const data = struct({ a: [[[[[1]]]]] });
    const failure = await gorushClient(port)('Send', { tokens: ['a'], platform: 1, data }).catch((e) => e);
    expect(failure.code).toBe(status.INVALID_ARGUMENT);
    expect(failure.details).toBe('data.a[0][0]... is nested deeper than 8 (core.max_json_depth)');
    expect(accepted).toEqual([]);
  });

  test('bytes that are no NotificationRequest', async () => {
    const { port, accepted, errors } = await serve();
    expect(await sendRaw(port, Buffer.from([0x0a, 0xff, 0xff]))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await sendRaw(port, Buffer.alloc(64, 0x73))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect([accepted, errors]).toEqual([[], []]);
  });

  test('data nested deeper than protobuf allows', async () => {
    const { port } = await serve();
    // Struct { fields: { "a": Value { struct_value: Struct … } } }, written from the inside out.
    const wrap = (tag: number, bytes: Buffer): Buffer => {
      const length: number[] = [];
      for (let rest = bytes.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
    };
    let deep: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 2000; depth++)
      deep = wrap(0x0a, Buffer.concat([Buffer.from([0x0a, 1, 97]), wrap(0x12, wrap(0x2a, deep))]));
    expect(await sendRaw(port, wrap(0x72, deep))).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('a long path of odd characters comes back short and as plain text', async () => {
    const { port } = await serve();
    const request = { tokens: ['a'], platform: 1, data: struct({ ['🎈'.repeat(500)]: Number.NaN }) };
    const failure = await gorushClient(port)('Send', request).catch((error) => error);
    expect(failure.code).toBe(status.INVALID_ARGUMENT);
    expect(failure.details).toMatch(/^data\.\?{100,200}: NaN is not a JSON number$/);
  });
});

test('a request over the limit is RESOURCE_EXHAUSTED, and nothing of it is taken', async () => {
  const { port, accepted } = await serve({ maxBody: 1000 });
  const request = { tokens: ['a'], platform: 1, message: 'x'.repeat(2000) };
  await expect(gorushClient(port)('Send', request)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(accepted).toEqual([]);
});

test('a request without a message is a push of nothing, not an error', async () => {
  const { port, accepted } = await serve();
  await sendRaw(port, Buffer.alloc(0));
  expect(accepted[0]?.body).toBe('{"notifications":[{"priority":"normal"}]}');
});

test('fields that the server does not know are passed over', async () => {
  const { port, accepted } = await serve();
  await sendRaw(port, Buffer.from([0x0a, 1, 97, 0x10, 1, 0xa2, 0x06, 3, 120, 121, 122]));
  expect(accepted[0]?.notification).toMatchObject({ tokens: ['a'], platform: 1 });
});

describe('deadlines', () => {
  test('a sync call waits core.sync_timeout when it has none', async () => {
    const { port, accepted } = await serve({ syncMs: 30_000 });
    await gorushClient(port)('Send', { tokens: ['a'], platform: 1 });
    expect(accepted[0]?.how).toEqual({ syncMs: 30_000 });
  });

  test('a sync call answers before its deadline with what it knows', async () => {
    const { port, accepted } = await serve({ syncMs: 30_000 });
    await gorushClient(port)('Send', { tokens: ['a'], platform: 1 }, { deadline: new Date(Date.now() + 5000) });
    const waits = accepted[0]?.how.syncMs as number;
    expect(waits).toBeLessThanOrEqual(4500);
    expect(waits).toBeGreaterThan(0);
  });

  test('an async call does not wait, whatever its deadline', async () => {
    const { port, accepted } = await serve();
    await gorushClient(port)('Send', { tokens: ['a'], platform: 1 }, { deadline: new Date(Date.now() + 5000) });
    expect(accepted[0]?.how).toEqual({});
  });

  test('nothing is taken of a call whose deadline has passed', async () => {
    // The server's clock is an hour ahead: by it the deadline passed on the way.
    const { port, accepted } = await serve({ now: () => Date.now() + 3_600_000 });
    const call = gorushClient(port)('Send', { tokens: ['a'], platform: 1 }, { deadline: new Date(Date.now() + 5000) });
    await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(accepted).toEqual([]);
  });

  test('a caller that leaves does not take its push back, and disturbs nobody', async () => {
    const settle = Promise.withResolvers<{ requestId: string; counts: number; logs: PushEntry[] }>();
    const accept = vi.fn(() => settle.promise);
    const { port, errors } = await serve({ accept, syncMs: 30_000 });
    const call = gorushClient(port)('Send', { tokens: ['a'], platform: 1 }, { deadline: new Date(Date.now() + 100) });
    await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(accept).toHaveBeenCalledOnce();
    settle.resolve({ requestId: 'r1', counts: 1, logs: [entry('a')] });
    await sleep(20);
    await gorushClient(port)('Send', { tokens: ['a'], platform: 1 });
    expect(errors).toEqual([]);
  });
});
