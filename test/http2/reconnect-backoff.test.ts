import { expect, test } from 'vitest';
import { errorCodes } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { goaway, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

/** Counts how often a pause was drawn; each draw is a factor of 0 to 1 of the present ceiling. */
function drawing(factor: number): { draws: number; random: () => number } {
  const drawn = {
    draws: 0,
    random: () => {
      drawn.draws++;
      return factor;
    },
  };
  return drawn;
}

test('each failed attempt is followed by a pause, and requests meanwhile wait for its end', async () => {
  const failing = drawing(0.5);
  const lookup = ((_name: string, _options: unknown, done: (error: Error) => void) => {
    lookups++;
    done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
  }) as never;
  let lookups = 0;
  const pool = testPool(
    'https://push.invalid',
    {},
    { lookup, random: failing.random, reconnect: { firstMs: 60, maxMs: 60 } },
  );
  await send(pool);
  const inPause = Array.from({ length: 20 }, () => send(pool));
  await new Promise(setImmediate);
  expect(lookups).toBe(1);
  await Promise.all(inPause);
  expect(lookups).toBe(2);
  expect(failing.draws).toBe(2);
});

test('a session that answers nothing counts as a failed attempt', async () => {
  const drawn = drawing(0);
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (peer.connections.length < 3) connection.send(goaway(0, errorCodes.NO_ERROR));
      else connection.respond(id);
    },
  });
  expect((await send(testPool(peer.origin, {}, { random: drawn.random })))[0]?.status).toBe(200);
  expect(drawn.draws).toBe(2);
});

test('a session that was of use is replaced at once', async () => {
  const drawn = drawing(1);
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      connection.respond(id);
      connection.send(goaway(id, errorCodes.NO_ERROR));
    },
  });
  const results = await send(testPool(peer.origin, {}, { random: drawn.random }), { count: 30 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(drawn.draws).toBe(0);
});

test('a session whose answers are still to come when it is told to go is no failed attempt', async () => {
  const drawn = drawing(0);
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (connection !== peer.connections[0]) connection.respond(id);
      else if (id === 3) {
        connection.send(goaway(1, errorCodes.NO_ERROR));
        setTimeout(() => connection.respond(1), 20);
      }
    },
  });
  const results = await send(testPool(peer.origin, {}, { random: drawn.random }), { count: 2 });
  expect(results.map(({ status }) => status)).toEqual([200, 200]);
  expect(drawn.draws).toBe(0);
});

test('a session that is cut before its first answer counts as a failed attempt, though it was told to go', async () => {
  const drawn = drawing(0);
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (connection !== peer.connections[0]) connection.respond(id);
      else {
        connection.send(goaway(id, errorCodes.NO_ERROR));
        setTimeout(() => connection.socket.destroy(), 20);
      }
    },
  });
  const pool = testPool(peer.origin, {}, { random: drawn.random });
  expect((await send(pool))[0]?.fault).toMatchObject({ processed: 'maybe' });
  expect(drawn.draws).toBe(1);
});
