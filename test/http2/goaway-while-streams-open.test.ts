import { expect, test } from 'vitest';
import { errorCodes } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { goaway, type PeerScript, type RawConnection, type Request, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

/** Collects eight requests on the first connection, answers all of them on the others. */
function afterEight(act: (connection: RawConnection, requests: Request[]) => void): PeerScript {
  let first: RawConnection | undefined;
  return {
    onRequest: (connection, { id }) => {
      first ??= connection;
      if (connection !== first) connection.respond(id, { headers: [['x-connection', 'later']] });
      else if (connection.requests.length === 8) act(connection, connection.requests);
    },
  };
}

test('streams up to the last id are awaited, those above are replayed on another session', async () => {
  const peer = await startRawPeer(
    afterEight((connection, requests) => {
      connection.send(goaway(7, errorCodes.NO_ERROR));
      for (const { id } of requests.slice(0, 4)) connection.respond(id, { headers: [['x-connection', 'first']] });
    }),
  );
  const pool = testPool(peer.origin);
  const results = await send(pool, { count: 8 });
  expect(results.map(({ headers }) => headers?.['x-connection'])).toEqual([
    ...Array(4).fill('first'),
    ...Array(4).fill('later'),
  ]);
  expect(pool.stats()).toMatchObject({ goaways: 1, connects: 2 });
  // Nothing that the first connection processed was sent twice.
  expect(peer.connections[1]?.requests.map(({ path }) => path)).toEqual(['/4', '/5', '/6', '/7']);
});

test('no new stream is opened on a session that was told to go', async () => {
  const peer = await startRawPeer(afterEight((connection) => connection.send(goaway(15, errorCodes.NO_ERROR))));
  const pool = testPool(peer.origin);
  const before = send(pool, { count: 8 });
  await until(() => pool.stats().goaways === 1);
  const after = await send(pool, { count: 5 });
  expect(after.map(({ headers }) => headers?.['x-connection'])).toEqual(Array(5).fill('later'));
  const [first] = peer.connections;
  expect(first?.requests.length).toBe(8);
  for (const { id } of first?.requests ?? []) first?.respond(id);
  expect((await before).every(({ status }) => status === 200)).toBe(true);
  await until(() => first?.closed === true);
});

test('GOAWAY with an error code replays what was not processed; the rest may have been', async () => {
  const peer = await startRawPeer(
    afterEight((connection) => {
      connection.send(goaway(5, errorCodes.ENHANCE_YOUR_CALM, '{"reason":"TooMany"}'));
      connection.socket.end();
    }),
  );
  const results = await send(testPool(peer.origin), { count: 8 });
  expect(results.slice(3).map(({ status }) => status)).toEqual(Array(5).fill(200));
  for (const { fault } of results.slice(0, 3)) {
    expect(fault).toMatchObject({ code: 'GOAWAY', processed: 'maybe' });
    expect(fault?.message).toContain('ENHANCE_YOUR_CALM: {"reason":"TooMany"}');
  }
});

test('GOAWAY twice, as a graceful shutdown does it: first with the highest id, then with the real one', async () => {
  const peer = await startRawPeer(
    afterEight((connection, requests) => {
      connection.send(goaway(0x7fff_ffff, errorCodes.NO_ERROR, 'going'));
      connection.respond(requests[0]?.id as number);
      connection.send(goaway(3, errorCodes.NO_ERROR));
      connection.respond(requests[1]?.id as number);
    }),
  );
  const pool = testPool(peer.origin);
  const results = await send(pool, { count: 8 });
  expect(results.map(({ headers }) => headers?.['x-connection'])).toEqual([
    undefined,
    undefined,
    ...Array(6).fill('later'),
  ]);
  expect(pool.stats().goaways).toBe(2);
});

test('a second GOAWAY cannot take back that streams were not processed', async () => {
  const peer = await startRawPeer(
    afterEight((connection, requests) => {
      connection.send(goaway(3, errorCodes.NO_ERROR), goaway(15, errorCodes.INTERNAL_ERROR));
      for (const { id } of requests.slice(0, 2)) connection.respond(id);
    }),
  );
  const results = await send(testPool(peer.origin), { count: 8 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections[1]?.requests.length).toBe(6);
});

test('a peer that answers a few requests of each connection gets them all in the end', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (id > 19) return;
      connection.respond(id);
      if (id === 19) connection.send(goaway(19, errorCodes.NO_ERROR));
    },
  });
  const results = await send(testPool(peer.origin), { count: 100 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  const paths = peer.connections.flatMap(({ requests }) =>
    requests.filter(({ id }) => id <= 19).map(({ path }) => path),
  );
  expect(new Set(paths).size).toBe(paths.length);
});
