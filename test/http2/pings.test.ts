import { expect, test } from 'vitest';
import { PING } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const quick = { pingIdleMs: 40, pingSilenceMs: 40, pingTimeoutMs: 40 };

test('an idle session is pinged and kept', async () => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin, {}, quick);
  await send(pool);
  await until(() => (peer.connections[0]?.ofType(PING).length ?? 0) >= 3);
  expect(pool.stats().pings).toBeGreaterThanOrEqual(3);
  expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.connections.length).toBe(1);
});

test('an idle session whose peer does not answer the ping is closed, and the next request gets a fresh one', async () => {
  const peer = await startRawPeer({ answerPings: false });
  const pool = testPool(peer.origin, {}, quick);
  await send(pool);
  await until(() => pool.stats().sessions === 0);
  expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.connections.length).toBe(2);
});

test('when answers stop coming the peer is pinged; while it answers the ping, its streams are waited for', async () => {
  let held = 0;
  const peer = await startRawPeer({
    onRequest: (_connection, { id }) => {
      held = id;
    },
  });
  const pool = testPool(peer.origin, {}, { ...quick, pingIdleMs: 60_000 });
  const sent = send(pool);
  await until(() => (peer.connections[0]?.ofType(PING).length ?? 0) >= 3);
  peer.connections[0]?.respond(held);
  expect((await sent)[0]?.status).toBe(200);
});

test('a peer that does not answer the ping is suspected: new requests go to a fresh session', async () => {
  const peer = await startRawPeer({
    answerPings: false,
    onRequest: (connection, { id }) => {
      if (connection !== peer.connections[0]) connection.respond(id);
    },
  });
  const pool = testPool(peer.origin, { requestTimeoutMs: 1000 }, quick);
  const stuck = send(pool, { count: 2 });
  await until(() => pool.stats().sessions === 0 && pool.stats().inFlight === 2);
  expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.connections.length).toBe(2);
  for (const { fault } of await stuck) expect(fault).toMatchObject({ code: 'REQUEST_TIMEOUT', processed: 'maybe' });
  await until(() => peer.connections[0]?.closed === true);
});

test('a suspected session that comes back to life takes requests again', async () => {
  const held: number[] = [];
  const peer = await startRawPeer({ answerPings: false, onRequest: (_connection, { id }) => held.push(id) });
  const pool = testPool(peer.origin, { connections: 1 }, { ...quick, pingIdleMs: 60_000 });
  const stuck = send(pool);
  await until(() => pool.stats().sessions === 0 && held.length === 1);
  peer.connections[0]?.respond(1);
  expect((await stuck)[0]?.status).toBe(200);
  const again = send(pool);
  await until(() => held.length === 2);
  peer.connections[0]?.respond(3);
  expect((await again)[0]?.status).toBe(200);
  expect(peer.connections.length).toBe(1);
});

test('a peer that freezes until it is pinged, and then goes on, loses nothing', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (id === 1) connection.socket.pause();
      connection.respond(id);
    },
  });
  const pool = testPool(peer.origin, { connections: 1 }, { ...quick, pingIdleMs: 60_000, pingTimeoutMs: 60_000 });
  await send(pool);
  const sent = send(pool, { count: 500 });
  await until(() => pool.stats().pings > 0);
  peer.connections[0]?.socket.resume();
  const results = await sent;
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections.length).toBe(1);
});
