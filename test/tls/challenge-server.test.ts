import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { createChallengeServer } from '../../src/tls/challenge-server.ts';

async function start() {
  const server = createChallengeServer({
    answer: (token) => (token === 'known' ? 'known.thumbprint' : undefined),
    hosts: ['push.example.com'],
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return (path: string, method: 'GET' | 'POST' = 'GET', host = 'push.example.com') =>
    request(`http://127.0.0.1:${port}${path}`, { method, headers: { host } });
}

test('the authority gets the answer to its token, whatever host it asks for', async () => {
  const ask = await start();
  const { statusCode, body } = await ask('/.well-known/acme-challenge/known', 'GET', 'other.example');
  expect(statusCode).toBe(200);
  expect(await body.text()).toBe('known.thumbprint');
});

test('an unknown token is not found', async () => {
  const ask = await start();
  expect((await ask('/.well-known/acme-challenge/unknown')).statusCode).toBe(404);
});

test('reads are led to HTTPS, with path and query', async () => {
  const ask = await start();
  const { statusCode, headers } = await ask('/version?x=1', 'GET', 'Push.Example.com:80');
  expect(statusCode).toBe(302);
  expect(headers.location).toBe('https://push.example.com/version?x=1');
});

test('a push by plain HTTP is refused, not redirected', async () => {
  const ask = await start();
  expect((await ask('/api/push', 'POST')).statusCode).toBe(400);
});

test('nobody is led to a host that is not ours', async () => {
  const ask = await start();
  expect((await ask('/', 'GET', 'evil.example')).statusCode).toBe(404);
});
