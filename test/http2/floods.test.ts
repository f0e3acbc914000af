import { expect, test } from 'vitest';
import {
  DATA,
  END_HEADERS,
  errorCodes,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { literals, rawFrame, startRawPeer, uint32 } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const flood: [what: string, frame: Buffer, before?: Buffer][] = [
  ['PING', rawFrame(PING, 0, 0, Buffer.alloc(8))],
  ['SETTINGS', rawFrame(SETTINGS, 0, 0)],
  ['PRIORITY', rawFrame(PRIORITY, 0, 1, Buffer.alloc(5))],
  ['unknown frames', rawFrame(0xee, 0, 0)],
  ['WINDOW_UPDATE', rawFrame(WINDOW_UPDATE, 0, 0, uint32(1))],
  ['GOAWAY', rawFrame(GOAWAY, 0, 0, uint32(1, 0))],
  ['empty DATA', rawFrame(DATA, 0, 1), rawFrame(HEADERS, END_HEADERS, 1, [0x88])],
  ['DATA of one byte', rawFrame(DATA, 0, 1, [1]), rawFrame(HEADERS, END_HEADERS, 1, [0x88])],
  ['informational HEADERS', rawFrame(HEADERS, END_HEADERS, 1, literals([[':status', '103']]))],
  ['RST_STREAM of a stream that is gone', rawFrame(RST_STREAM, 0, 1, uint32(8)), rawFrame(RST_STREAM, 0, 1, uint32(8))],
];

test.each(flood)('a flood of %s closes the session with ENHANCE_YOUR_CALM', async (_what, frame, before) => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (peer.connections.length > 1) return connection.respond(id);
      if (before) connection.send(before);
      connection.send(Buffer.concat(Array(5000).fill(frame)));
    },
  });
  const pool = testPool(peer.origin, { connections: 1 });
  const sent = send(pool, { count: 2 });
  await until(() => peer.connections[0]?.goawayCode !== undefined);
  expect(peer.connections[0]?.goawayCode).toBe(errorCodes.ENHANCE_YOUR_CALM);
  const results = await sent;
  expect(results[1]?.fault?.processed ?? results[1]?.status).toBeDefined();
  expect((await send(pool))[0]?.status).toBe(200);
});

test('an honest peer may send a window update, a ping and settings for each answer', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      connection.send(rawFrame(PING, 0, 0, Buffer.alloc(8)), rawFrame(SETTINGS, 0, 0));
      connection.windowUpdate(0, 20);
      connection.windowUpdate(id, 20);
      connection.respond(id);
    },
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 10_000 });
  expect(results.every(({ status }) => status === 200)).toBe(true);
  expect(peer.connections.length).toBe(1);
});
