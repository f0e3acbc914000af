import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type ClientOptions, createClient } from '../../src/client/create-client.ts';
import { awaiting } from '../support/awaiting.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

type Script = (res: ServerResponse, index: number) => void;

/** A server that answers the n-th request as the script says, and the client for it; pauses are noted and not waited for. */
async function scripted(script: Script, options: Partial<ClientOptions> = {}) {
  const seen: Seen[] = [];
  const pauses: number[] = [];
  const server = createServer(
    awaiting(async (req, res) => {
      let text = '';
      for await (const chunk of req) text += chunk;
      const { method = '', url = '', headers } = req;
      seen.push({ method, url, headers, body: JSON.parse(text || 'null') });
      script(res, seen.length - 1);
    }),
  );
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sleep = async (ms: number): Promise<void> => void pauses.push(ms);
  return { client: createClient({ url, sleep, random: () => 0.5, ...options }), seen, pauses, url };
}

const answer = (res: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void =>
  void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const taken = (res: ServerResponse): void => answer(res, 200, { counts: 1, logs: [], success: 'ok', request_id: 'r1' });

const hello = { platform: 1, tokens: ['a1'], topic: 'com.example', message: 'hello' } as const;

test('a push is posted with the names of the API, its key and a key of idempotency', async () => {
  const { client, seen } = await scripted(taken, { key: 'secret' });
  expect(await client.push(hello)).toEqual({ ok: true, requestId: 'r1', counts: 1, logs: [], warnings: [] });
  expect(seen[0]).toMatchObject({ method: 'POST', url: '/api/push', body: { notifications: [hello] } });
  expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'content-type': 'application/json' });
  expect(seen[0]?.headers['idempotency-key']).toMatch(/^[\da-f]{32}$/);
});

test('what of a request has no effect is in the result', async () => {
  const warnings = [{ path: 'notifications[0].mesage', reason: 'no such field', did_you_mean: 'message' }];
  const { client } = await scripted((res) =>
    answer(res, 200, { counts: 1, logs: [], success: 'ok', request_id: 'r1', warnings }),
  );
  expect(await client.push(hello)).toMatchObject({ ok: true, warnings });
});

test('several notifications are one request; each call has a key of its own, or the given one', async () => {
  const { client, seen } = await scripted(taken);
  await client.push([hello, { ...hello, platform: 2 }], { idempotencyKey: 'k1' });
  await client.push([]);
  await client.push(hello);
  expect(seen[0]?.body).toEqual({ notifications: [hello, { ...hello, platform: 2 }] });
  const keys = seen.map(({ headers }) => headers['idempotency-key']);
  expect(keys[0]).toBe('k1');
  expect(new Set(keys).size).toBe(3);
});

test('a relay below a path, and renamed routes, are found', async () => {
  const { client, seen } = await scripted(taken, { pushPath: '/send' });
  await client.push(hello);
  const { client: below, seen: seenBelow, url } = await scripted(taken);
  await createClient({ url: `${url}/relay/` }).push(hello);
  expect([seen[0]?.url, seenBelow[0]?.url]).toEqual(['/send', '/relay/api/push']);
  expect((await below.push(hello)).ok).toBe(true);
});

test('failed pushes of a sync relay come back as they are', async () => {
  const entry = { type: 'failed-push', platform: 'ios', token: 'a1', message: 'hello', error: 'Unregistered' };
  const { client } = await scripted((res) => answer(res, 200, { counts: 1, logs: [entry], request_id: 'r2' }));
  expect(await client.push(hello)).toMatchObject({ ok: true, logs: [entry] });
});

test('a request that is wrong is not repeated, and the relay says where', async () => {
  const details = [{ path: 'notifications[0].badge', reason: 'expected an integer, got a string' }];
  const { client, seen } = await scripted((res) =>
    answer(res, 400, { code: 400, message: 'Missing notifications field.', details }),
  );
  expect(await client.push(hello)).toEqual({
    ok: false,
    error: { kind: 'invalid', status: 400, message: 'Missing notifications field.', details },
  });
  expect(seen.length).toBe(1);
});

test.each([
  [401, 'unauthorized'],
  [403, 'unauthorized'],
  [404, 'not_found'],
  [413, 'invalid'],
  [422, 'invalid'],
  [500, 'unavailable'],
])('%i is told as %s, at once', async (status, kind) => {
  const { client, seen } = await scripted((res) => res.writeHead(status, { 'content-type': 'text/plain' }).end('no'));
  expect(await client.push(hello)).toMatchObject({ ok: false, error: { kind, status } });
  expect(seen.length).toBe(1);
});

test('a request that did not come to its end in time (408) was not taken, and is repeated with the same key', async () => {
  const { client, seen } = await scripted((res, index) => {
    if (index === 1) taken(res);
    else res.writeHead(408, { connection: 'close' }).end();
  });
  expect((await client.push(hello)).ok).toBe(true);
  expect(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('503 and 429 are repeated when the relay says, with the same key', async () => {
  const { client, seen, pauses } = await scripted((res, index) => {
    if (index === 2) taken(res);
    else answer(res, index === 0 ? 503 : 429, { code: 503, message: 'full' }, { 'retry-after': String(index + 1) });
  });
  expect((await client.push(hello)).ok).toBe(true);
  expect(pauses).toEqual([1100, 2200]);
  expect(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('after the last try the refusal is told with its time', async () => {
  const { client, seen } = await scripted(
    (res) => answer(res, 503, { code: 503, message: 'the queue is full' }, { 'retry-after': '1' }),
    { retries: 2 },
  );
  expect(await client.push(hello)).toEqual({
    ok: false,
    error: { kind: 'refused', status: 503, message: 'the queue is full', retryAfterMs: 1000 },
  });
  expect(seen.length).toBe(3);
});

test('a wait that would be longer than the time there is, is not waited', async () => {
  const { client, seen, pauses } = await scripted((res) => answer(res, 503, {}, { 'retry-after': '3600' }));
  const result = await client.push(hello, { timeoutMs: 30_000 });
  expect(result).toMatchObject({ ok: false, error: { kind: 'refused', retryAfterMs: 3_600_000 } });
  expect([seen.length, pauses.length]).toEqual([1, 0]);
});

test('a date in Retry-After is understood', async () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const { client } = await scripted((res) => answer(res, 503, {}, { 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }), {
    retries: 0,
    now: () => now,
  });
  expect(await client.push(hello)).toMatchObject({ error: { retryAfterMs: 5000 } });
});

test('a 503 of something between, without a time, is unavailable; 502 to 504 are repeated', async () => {
  const { client, seen } = await scripted((res, index) => {
    if (index < 3) res.writeHead(502 + index).end('<html>');
    else taken(res);
  });
  expect((await client.push(hello)).ok).toBe(true);
  expect(seen.length).toBe(4);
  const { client: hopeless } = await scripted((res) => res.writeHead(503).end());
  expect(await hopeless.push(hello)).toMatchObject({ error: { kind: 'unavailable', status: 503 } });
});

test('a connection that is lost before the answer is repeated with the same key', async () => {
  const { client, seen } = await scripted((res, index) => {
    if (index === 0) res.destroy();
    else taken(res);
  });
  expect((await client.push(hello)).ok).toBe(true);
  expect(seen[1]?.headers['idempotency-key']).toBe(seen[0]?.headers['idempotency-key']);
});

test('nobody there is a network failure that says why', async () => {
  const client = createClient({ url: 'http://127.0.0.1:1', retries: 0 });
  const result = await client.push(hello);
  expect(result).toMatchObject({ ok: false, error: { kind: 'network' } });
  expect(JSON.stringify(result)).toMatch(/ECONNREFUSED|bad port/);
});

test('no answer in time is a network failure', async () => {
  const { client } = await scripted(() => {});
  expect(await client.push(hello, { timeoutMs: 50 })).toEqual({
    ok: false,
    error: { kind: 'network', message: 'no answer within 50 ms' },
  });
});

test('a call can be called off, while it runs and while it waits', async () => {
  const running = new AbortController();
  const { client } = await scripted(() => running.abort());
  expect(await client.push(hello, { signal: running.signal })).toMatchObject({ error: { message: 'called off' } });

  const waiting = new AbortController();
  const { client: patient, url } = await scripted((res) => answer(res, 503, {}, { 'retry-after': '20' }));
  const call = createClient({ url }).push(hello, { signal: waiting.signal });
  setTimeout(() => waiting.abort(), 100);
  expect(await call).toMatchObject({ error: { kind: 'refused' } });
  expect(await patient.push(hello, { signal: AbortSignal.abort() })).toMatchObject({ error: { kind: 'network' } });
});

test('an answer that is no JSON, or a redirect, is not taken for a success', async () => {
  const { client } = await scripted((res) => res.writeHead(200).end('<h1>It works!</h1>'));
  expect(await client.push(hello)).toMatchObject({ error: { kind: 'unavailable', status: 200 } });
  const { client: led, seen } = await scripted((res) => res.writeHead(301, { location: '/' }).end(), { retries: 0 });
  expect(await led.push(hello)).toMatchObject({ error: { kind: 'network' } });
  expect(seen.length).toBe(1);
});
