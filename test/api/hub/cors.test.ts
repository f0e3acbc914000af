import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { withCors } from '../../../src/api/hub/cors.ts';
import { buildConfig } from '../../support/config.ts';

const PAGE = 'https://app.example.com';
const { api: uris } = buildConfig(({ leaf }) => leaf.default);

/** What is behind answers 401 to everything, as the guard does without a key. */
async function serve(origins: readonly string[]) {
  const app = withCors((_req, res) => void res.writeHead(401).end(), { origins, uris });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (method: string, path: string, headers: Record<string, string>) => {
    const answer = await fetch(url + path, { method, headers: { Connection: 'close', ...headers } });
    return {
      status: answer.status,
      allowed: answer.headers.get('Access-Control-Allow-Origin'),
      headers: answer.headers,
    };
  };
}

const preflight = (origin: string, method = 'PUT') => ({ Origin: origin, 'Access-Control-Request-Method': method });

test('a page of a listed origin may ask, and reads what it needs of the answer, an error too', async () => {
  const ask = await serve([PAGE, 'http://localhost:5173']);
  const asked = await ask('OPTIONS', '/v1/users/ada/settings', preflight(PAGE));
  expect(asked).toMatchObject({ status: 204, allowed: PAGE });
  expect(asked.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
  expect(asked.headers.get('Access-Control-Allow-Methods')).toContain('PATCH');
  const read = await ask('GET', '/v1/users/ada/notifications', { Origin: 'http://localhost:5173' });
  expect(read).toMatchObject({ status: 401, allowed: 'http://localhost:5173' });
  expect(read.headers.get('Access-Control-Expose-Headers')).toContain('ETag');
  expect(read.headers.get('Vary')).toBe('Origin');
  expect(read.headers.get('Access-Control-Allow-Credentials')).toBeNull();
});

test('another origin gets nothing, however much it looks like a listed one', async () => {
  const ask = await serve([PAGE]);
  for (const origin of [
    'https://evil.example',
    `${PAGE}.evil.example`,
    `${PAGE}:8443`,
    'http://app.example.com',
    'null',
    `${PAGE}/`,
  ]) {
    expect(await ask('OPTIONS', '/v1/users/ada', preflight(origin)), origin).toMatchObject({
      status: 401,
      allowed: null,
    });
    expect((await ask('GET', '/v1/users/ada', { Origin: origin })).allowed, origin).toBeNull();
  }
});

test("only what is the person's own is for pages: no route of back ends, of administrators, or of Gorush", async () => {
  const ask = await serve([PAGE]);
  const closed = [
    ['POST', '/v1/notifications'],
    ['POST', '/api/push'],
    ['PUT', '/v1/topics/news/users/ada'],
    ['POST', '/v1/users/ada/events'],
    ['GET', '/v1/apps'],
    ['GET', '/metrics'],
    ['PUT', '/v1/namespace/push-credentials/apns'],
  ] as const;
  for (const [method, path] of closed) {
    expect((await ask('OPTIONS', path, preflight(PAGE, method))).status, path).toBe(401);
    expect((await ask(method, path, { Origin: PAGE })).allowed, path).toBeNull();
  }
});

test('without origins in the configuration nothing is said to any page', async () => {
  const ask = await serve([]);
  const { allowed, headers } = await ask('GET', '/v1/users/ada', { Origin: PAGE });
  expect(allowed).toBeNull();
  expect(headers.get('Vary')).toBeNull();
});
