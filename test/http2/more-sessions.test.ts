import { expect, test } from 'vitest';
import { numberedPools } from '../../src/http2/create-pool.ts';
import { SETTINGS_MAX_CONCURRENT_STREAMS } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { type PeerScript, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';
import { authority } from './tls.ts';

const slow: PeerScript = {
  settings: [[SETTINGS_MAX_CONCURRENT_STREAMS, 5]],
  onRequest: (connection, { id }) => setTimeout(() => connection.respond(id), 20),
};

test('while all streams are taken and answers are not slowing, further sessions are opened, up to the limit', async () => {
  const peer = await startRawPeer(slow);
  const pool = testPool(peer.origin, { connections: 3 });
  const results = await send(pool, { count: 800 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections.length).toBe(3);
  expect(pool.stats()).toMatchObject({ sessions: 3, capacity: 15 });
});

test('one connection means one', async () => {
  const peer = await startRawPeer(slow);
  await send(testPool(peer.origin, { connections: 1 }), { count: 100 });
  expect(peer.connections.length).toBe(1);
});

test('no further session for a peer that answers nothing', async () => {
  const peer = await startRawPeer({ ...slow, onRequest: () => {} });
  await send(testPool(peer.origin, { requestTimeoutMs: 400 }), { count: 20 });
  expect(peer.connections.length).toBe(1);
});

test('outcomes tell the number of the session that carried them, counted over all pools of the process', async () => {
  const peer = await startRawPeer();
  const connect = numberedPools();
  const sessions: (number | undefined)[] = [];
  for (let pools = 0; pools < 2; pools++) {
    const pool = connect({ origin: peer.origin, ca: [authority.ca] });
    await send(pool, { count: 2, onSession: (session) => sessions.push(session) });
    await pool.close();
  }
  const nobody = connect({ origin: peer.origin, ca: [authority.ca] });
  await nobody.close();
  await send(nobody, { onSession: (session) => sessions.push(session) });
  expect(sessions).toEqual([1, 1, 2, 2, undefined]);
});
