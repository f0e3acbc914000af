import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createPool } from '../../src/http2/create-pool.ts';
import type { Http2Pool, StreamFault } from '../../src/http2/http2-pool.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';

const authority = makeAuthority();
const SECRET = 'hunter2';

/** An HTTP/2 provider whose name leads nowhere but through a proxy. */
async function startProvider(): Promise<string> {
  const server = http2.createSecureServer(authority.leaf(['provider.example']), (_req, res) => res.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `https://provider.example:${(server.address() as AddressInfo).port}`;
}

function poolOf(origin: string, proxy: string): Http2Pool {
  const pool = createPool({ origin, ca: [authority.ca], proxy, requestTimeoutMs: 3000 });
  onTestFinished(() => pool.close(0));
  return pool;
}

const push = (pool: Http2Pool): Promise<number | StreamFault> =>
  new Promise((resolve) => {
    pool.submit({
      template: { headers: [] },
      count: 1,
      path: () => '/3/device/a1',
      body: () => Buffer.from('{}'),
      onResponse: (_index, status) => resolve(status),
      onFault: (_index, fault) => resolve(fault),
    });
  });

test('pushes go through a tunnel to the provider', async () => {
  const proxy = await startConnectProxy();
  const origin = await startProvider();
  const pool = poolOf(origin, `http://127.0.0.1:${proxy.port}`);
  expect(await Promise.all([push(pool), push(pool), push(pool)])).toEqual([200, 200, 200]);
  expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT ${new URL(origin).host}`]));
});

test('the proxy is shown the credentials, decoded', async () => {
  const proxy = await startConnectProxy({ credentials: `us:er:${SECRET}@/%` });
  const pool = poolOf(await startProvider(), `http://us%3Aer:${SECRET}%40%2F%25@127.0.0.1:${proxy.port}`);
  expect(await push(pool)).toBe(200);
});

test('the proxy may speak TLS', async () => {
  const proxy = await startConnectProxy({ tls: authority.leaf(['localhost', '127.0.0.1']) });
  const origin = await startProvider();
  expect(await push(poolOf(origin, `https://localhost:${proxy.port}`))).toBe(200);
  expect(await push(poolOf(origin, `https://127.0.0.1:${proxy.port}`))).toBe(200);
});

test('a proxy that refuses is told without the credentials, and nothing was sent', async () => {
  const proxy = await startConnectProxy({ credentials: 'user:right' });
  const pool = poolOf(await startProvider(), `http://user:${SECRET}@127.0.0.1:${proxy.port}`);
  const fault = await push(pool);
  const told = JSON.stringify([fault, pool.stats()]);
  expect(fault).toMatchObject({ processed: 'no' });
  expect(told).toContain('407');
  expect(told).not.toContain(SECRET);
  expect(told).not.toContain(Buffer.from(`user:${SECRET}`).toString('base64'));
});

test('a proxy that is not there is told without the credentials', async () => {
  const pool = poolOf(await startProvider(), `http://user:${SECRET}@127.0.0.1:1`);
  const told = JSON.stringify([await push(pool), pool.stats()]);
  expect(told).toContain('ECONNREFUSED');
  expect(told).not.toContain(SECRET);
});
