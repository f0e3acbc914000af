import { expect, test } from 'vitest';
import { SETTINGS_MAX_CONCURRENT_STREAMS } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { type RawConnection, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const limit = (count: number) => [SETTINGS_MAX_CONCURRENT_STREAMS, count] as const;

test('the limit is obeyed as it goes from 1000 to 1 and back, as Apple does after a rejected token', async () => {
  let allowed = 1000;
  let open = 0;
  let exceeded = 0;
  let answered = 0;
  const answer = (connection: RawConnection, id: number): void => {
    open--;
    connection.respond(id);
    answered++;
    if (answered === 100) {
      allowed = 1;
      connection.settings(limit(1));
    }
    if (answered === 2000) {
      allowed = 1000;
      connection.settings(limit(1000));
    }
  };
  const peer = await startRawPeer({
    settings: [limit(1000)],
    onHeaders: (connection) => {
      open++;
      // What was on its way when the limit fell is not a mistake: it must only shrink from then on.
      if (connection.ofType(4).length > answered && open > Math.max(allowed, 1000)) exceeded++;
      if (allowed === 1 && answered > 1200 && open > 1) exceeded++;
    },
    onRequest: (connection, { id }) => setImmediate(() => answer(connection, id)),
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 4000 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(exceeded).toBe(0);
  expect(peer.connections.length).toBe(1);
});

test('nothing is sent before the peer has said how many streams it allows', async () => {
  const peer = await startRawPeer({ settings: null });
  const pool = testPool(peer.origin);
  const sent = send(pool, { count: 50 });
  await until(() => (peer.connections[0]?.frames.length ?? 0) >= 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const [connection] = peer.connections;
  expect(connection?.requests).toEqual([]);
  connection?.settings(limit(1));
  const results = await sent;
  expect(results.every(({ status }) => status === 200)).toBe(true);
});

test('a peer that allows one stream until the first answer gets one request until then', async () => {
  const held: number[] = [];
  const peer = await startRawPeer({
    settings: [limit(1)],
    onRequest: (connection, { id }) => {
      if (connection.requests.length === 1) held.push(id);
      else connection.respond(id);
    },
  });
  const pool = testPool(peer.origin, { connections: 1 });
  const sent = send(pool, { count: 300 });
  await until(() => held.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const [connection] = peer.connections;
  expect(connection?.requests.length).toBe(1);
  expect(pool.stats()).toMatchObject({ inFlight: 1, waiting: 299, capacity: 1 });
  connection?.settings(limit(1000));
  connection?.respond(held[0] as number);
  expect((await sent).every(({ status }) => status === 200)).toBe(true);
  expect(pool.stats().capacity).toBe(1000);
});

test('with a limit of 0 requests wait until it is raised', async () => {
  const peer = await startRawPeer({ settings: [limit(0)] });
  const pool = testPool(peer.origin, { connections: 1 });
  const sent = send(pool, { count: 5 });
  await until(() => pool.stats().sessions === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(pool.stats()).toMatchObject({ inFlight: 0, waiting: 5 });
  peer.connections[0]?.settings(limit(2));
  expect((await sent).every(({ status }) => status === 200)).toBe(true);
});
