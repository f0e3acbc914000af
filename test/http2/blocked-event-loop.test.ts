import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('an event loop blocked for longer than every limit is not blamed on the peer', async () => {
  const held: number[] = [];
  const peer = await startRawPeer({ onRequest: (_connection, { id }) => held.push(id) });
  const tuning = { pingIdleMs: 300, pingSilenceMs: 300, pingTimeoutMs: 300 };
  const pool = testPool(peer.origin, { requestTimeoutMs: 500 }, tuning);
  const sent = send(pool, { count: 20 });
  await until(() => held.length === 20);
  const end = performance.now() + 900;
  while (performance.now() < end);
  for (const id of held) peer.connections[0]?.respond(id);
  expect((await sent).every(({ status }) => status === 200)).toBe(true);
  expect(pool.stats()).toMatchObject({ sessions: 1, connects: 1 });
});
