import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startGuardedRelay } from './guarded-relay.ts';

/** A request as it is written, which no client of HTTP would write; the status of its answer. */
async function status(base: string, target: string, key: string): Promise<number> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\nConnection: close\r\n\r\n`, 'latin1');
  return Number((await text(socket)).split(' ')[1]);
}

/** Spellings that Node's old URL parser, or a router, might take for /v1/apps or for /metrics. */
const ODD = [
  '/v1\\apps#',
  '/v1\\apps\\acme#',
  '/v1\\apps?#',
  '/v1/apps#',
  '/v1/apps#/x',
  'http://x/v1/apps',
  '//x/v1/apps',
  '/V1/%61pps/',
  '/v1%2Fapps',
  '/v1%5Capps#',
  '/./v1/apps',
  '/v1//apps',
] as const;

test('no spelling of a path gets around the scope of its route', async () => {
  const { url } = await startGuardedRelay();
  expect(await status(url, '/v1/apps', 'admin-key')).toBe(200);
  for (const target of ['/v1/apps', ...ODD])
    expect([403, 404], target).toContain(await status(url, target, 'reader-key'));
});

test('no spelling of a path finds on the port of the API what core.admin_address has taken away', async () => {
  const { url } = await startGuardedRelay({ core: { admin_address: '127.0.0.1:0' } });
  for (const target of ['/v1/apps', ...ODD, '/metrics#', '/api\\config#', '/console#'])
    expect(await status(url, target, 'admin-key'), target).toBe(404);
});
