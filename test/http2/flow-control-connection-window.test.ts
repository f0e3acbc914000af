import { expect, test } from 'vitest';
import { DATA, SETTINGS_MAX_CONCURRENT_STREAMS } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('1,000 bodies of 150 bytes wait for the 65,535 bytes of a fresh connection', async () => {
  const peer = await startRawPeer({ settings: [[SETTINGS_MAX_CONCURRENT_STREAMS, 1000]], onRequest: () => {} });
  const pool = testPool(peer.origin, { connections: 1 });
  const sent = send(pool, { count: 1000, body: (i) => Buffer.alloc(150, String(i % 10)) });
  const bytes = () => (peer.connections[0]?.ofType(DATA) ?? []).reduce((sum, f) => sum + f.payload.length, 0);
  await until(() => bytes() === 65_535);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(bytes()).toBe(65_535);
  const [connection] = peer.connections;
  connection?.windowUpdate(0, 100);
  await until(() => bytes() === 65_635);
  connection?.windowUpdate(0, 1_000_000);
  await until(() => connection?.requests.length === 1000);
  expect(bytes()).toBe(150_000);
  for (const { id } of connection?.requests ?? []) connection?.respond(id);
  const results = await sent;
  expect(results.every(({ status }) => status === 200)).toBe(true);
  for (const { path, body } of connection?.requests ?? []) {
    expect(body.toString()).toBe(String(Number(path.slice(1)) % 10).repeat(150));
  }
});
