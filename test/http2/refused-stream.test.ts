import { expect, test } from 'vitest';
import { errorCodes, SETTINGS_MAX_CONCURRENT_STREAMS } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('a refused request is sent again by the pool', async () => {
  const refused = new Set<string>();
  const peer = await startRawPeer({
    onRequest: (connection, { id, path }) => {
      if (refused.has(path)) connection.respond(id);
      else {
        refused.add(path);
        connection.reset(id, errorCodes.REFUSED_STREAM);
      }
    },
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 50 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections[0]?.requests.length).toBe(100);
  expect(peer.connections.length).toBe(1);
});

test('a peer that keeps refusing does not turn one request into endless ones', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => connection.reset(id, errorCodes.REFUSED_STREAM),
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 20 });
  for (const { fault } of results) expect(fault).toMatchObject({ code: 'REFUSED_STREAM', processed: 'no' });
  expect(peer.connections[0]?.requests.length).toBe(20 * 4);
});

test('streams refused because the limit fell come through once it allows them', async () => {
  let strict = false;
  const peer = await startRawPeer({
    settings: [[SETTINGS_MAX_CONCURRENT_STREAMS, 100]],
    onRequest: (connection, { id }) => {
      if (connection.requests.length === 1) {
        strict = true;
        connection.settings([SETTINGS_MAX_CONCURRENT_STREAMS, 1]);
        connection.respond(id, { status: 403 });
      } else if (strict && id < 200) connection.reset(id, errorCodes.REFUSED_STREAM);
      else connection.respond(id);
    },
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 100 });
  expect(results.map(({ status }) => status)).toEqual([403, ...Array(99).fill(200)]);
});
