import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('a session is retired when its stream ids run out, and its last streams are answered', async () => {
  const last = 0x7fff_ffff;
  const peer = await startRawPeer();
  const pool = testPool(peer.origin, {}, { firstStreamId: last - 2 * 9 });
  const results = await send(pool, { count: 25 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections.map(({ requests }) => requests.length)).toEqual([10, 10, 5]);
  expect(peer.connections[0]?.requests.at(-1)?.id).toBe(last);
  await until(() => peer.connections[0]?.closed === true && peer.connections[1]?.closed === true);
});
