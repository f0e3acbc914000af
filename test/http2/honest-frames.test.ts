import { expect, test } from 'vitest';
import { DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { literals, rawFrame, startRawPeer, uint32 } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const MAX_CONCURRENT_STREAMS = 3;

test('a peer may update both windows for each of thousands of requests before it answers the first', async () => {
  const ids: number[] = [];
  const peer = await startRawPeer({
    settings: [[MAX_CONCURRENT_STREAMS, 5000]],
    onRequest: (connection, { id }) => {
      ids.push(id);
      connection.windowUpdate(0, 20);
      connection.windowUpdate(id, 20);
      if (ids.length === 4000) for (const each of ids) connection.respond(each);
    },
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 4000 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections).toHaveLength(1);
});

test('a peer may answer late, each in small frames, what was given up meanwhile', async () => {
  const count = 4000;
  let arrived = 0;
  let late = 0;
  const peer = await startRawPeer({
    settings: [[MAX_CONCURRENT_STREAMS, count]],
    onRequest: (connection, { id }) => {
      arrived++;
      // It is not mute: of the first burst it answers the last request, and all later ones.
      if (arrived >= count) connection.respond(id);
    },
    onFrame: (connection, { type, id }) => {
      if (type !== RST_STREAM) return;
      late++;
      connection.send(
        rawFrame(HEADERS, END_HEADERS, id, [0x88]),
        rawFrame(DATA, 0, id, [0x7b]),
        rawFrame(DATA, 0, id, [0x7d]),
        rawFrame(DATA, END_STREAM, id),
      );
    },
  });
  const pool = testPool(peer.origin, { connections: 1, requestTimeoutMs: 500 });
  const first = send(pool, { count });
  await until(() => late >= count - 1, 'all but one are given up');
  const codes = (await first).map(({ fault }) => fault?.code);
  expect(codes.filter((code) => code === undefined)).toHaveLength(1);
  expect(new Set(codes.filter((code) => code !== undefined))).toEqual(new Set(['REQUEST_TIMEOUT']));
  for (let i = 0; i < 3; i++) expect((await send(pool))[0]?.status).toBe(200);
  expect(peer.connections).toHaveLength(1);
});

test('a peer may send early hints, settings, a ping, parts of a byte, an empty last part and a reset with each answer', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      connection.send(
        rawFrame(HEADERS, END_HEADERS, id, literals([[':status', '103']])),
        rawFrame(SETTINGS, 0, 0),
        rawFrame(PING, 0, 0, Buffer.alloc(8)),
        rawFrame(HEADERS, END_HEADERS, id, [0x88]),
        rawFrame(DATA, 0, id, [0x7b]),
        rawFrame(DATA, 0, id, [0x7d]),
        rawFrame(DATA, END_STREAM, id),
        rawFrame(RST_STREAM, 0, id, uint32(0)),
      );
    },
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 3000 });
  expect(results.every(({ status, body }) => status === 200 && body === '{}')).toBe(true);
  expect(peer.connections).toHaveLength(1);
});
