import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { OpenApiDocument } from '../../src/api/openapi/document.ts';
import { KEYS, sha256, startGuardedRelay } from './guarded-relay.ts';

const LENGTH = 1_000_000;

/** Sends the head of a request alone. @returns the first line of the answer, and what sends the body */
async function head(url: string, method: string, path: string, headers: Record<string, string>) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const lines = Object.entries({ Host: hostname, 'Content-Length': LENGTH, Connection: 'close', ...headers });
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`);
  const answer = once(socket, 'data').then(([data]) => String(data).split('\r\n')[0]?.slice('HTTP/1.1 '.length));
  return { answer, socket };
}

const keys = {
  ...KEYS,
  slow: { sha256: sha256('slow-key'), scopes: ['push', 'admin'], rate_limit: 0.001 },
  tenant: { sha256: sha256('tenant-key'), scopes: ['admin'], apps: ['acme'] },
};
const start = () =>
  startGuardedRelay({ auth: { keys, max_failures: 3 }, core: { max_body: 10 * LENGTH }, grpc: { enabled: true } });

describe('before a byte of the body has come', () => {
  test('every operation that takes one says who may not use it', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/openapi.json`, { headers: { 'X-API-Key': 'admin-key' } });
    const { paths } = (await response.json()) as OpenApiDocument;
    const taking = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { requestBody }]) => (requestBody ? [{ method, path }] : [])),
    );
    // What providers call has no key: it is signed.
    const asking = taking.filter(({ path }) => !path.startsWith('/v1/callbacks/'));
    expect(asking.length).toBeGreaterThanOrEqual(5);
    for (const { method, path } of asking) {
      const where = [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'a')] as const;
      for (const [key, said] of [
        ['', '401 Unauthorized'],
        ['reader-key', '403 Forbidden'],
      ]) {
        const { answer, socket } = await head(url, ...where, key ? { 'X-API-Key': key } : {});
        expect(await answer, where.join(' ')).toBe(said);
        socket.destroy();
      }
    }
  });

  test.each([
    ['a key for another app', 'PATCH', '/v1/apps/other', 'tenant-key', '403 Forbidden'],
    ['a key at its rate limit', 'POST', '/api/push', 'slow-key', '429 Too Many Requests'],
    ['a key that is guessed', 'POST', '/api/push', 'guess', '429 Too Many Requests'],
  ])('%s is refused', async (_, method, path, key, said) => {
    const { url } = await start();
    // What was said before: the quota is used up, and guesses are slowed down.
    for (let i = 0; i < 5; i++) await fetch(`${url}/v1/pushes`, { headers: { 'X-API-Key': `${key}` } });
    const { answer, socket } = await head(url, method, path, { 'X-API-Key': key });
    expect(await answer).toBe(said);
    socket.destroy();
  });

  test('a body that is said to be too long is refused', async () => {
    const { url } = await start();
    const headers = { 'X-API-Key': 'pusher-key', 'Content-Length': String(20 * LENGTH) };
    const { answer, socket } = await head(url, 'POST', '/api/push', headers);
    expect(await answer).toBe('413 Payload Too Large');
    socket.destroy();
  });

  test('nothing is said to a key that is let in: what it sends is waited for', async () => {
    const { url } = await start();
    const { answer, socket } = await head(url, 'POST', '/api/push', { 'X-API-Key': 'pusher-key' });
    let said: string | undefined;
    void answer.then((line) => {
      said = line;
    });
    // A refusal would have come by now: another request is answered.
    await text((await fetch(`${url}/healthz`)).body as never);
    expect(said).toBeUndefined();
    socket.write(JSON.stringify({ notifications: [{ platform: 2, tokens: ['a'], message: 'm' }] }).padEnd(LENGTH));
    expect(await answer).toBe('200 OK');
    socket.destroy();
  });

  test.each([
    ['without a key', {}, '16'],
    ['with one of another scope', { 'x-api-key': 'reader-key' }, '7'],
  ])('a gRPC call %s is refused', async (_, metadata, status) => {
    const { grpcPort } = await start();
    const session = http2.connect(`http://127.0.0.1:${grpcPort}`);
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': '/proto.Gorush/Send',
        'content-type': 'application/grpc',
        te: 'trailers',
        ...metadata,
      },
      { endStream: false },
    );
    const [headers] = await once(stream, 'response');
    const trailers = headers['grpc-status'] === undefined ? (await once(stream.resume(), 'trailers'))[0] : headers;
    expect(trailers['grpc-status']).toBe(status);
    session.destroy();
  });
});
