import { expect, test } from 'vitest';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  type ErrorName,
  errorCodes,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { rawFrame, startRawPeer, uint32 } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), uint32(value)]);
const f = rawFrame;

// What the peer sends instead of an answer to stream 1, and the code that it must be told. RFC 9113 sections 4 to 6.
const cases: [what: string, code: ErrorName, ...frames: Buffer[]][] = [
  ['a frame larger than we allow', 'FRAME_SIZE_ERROR', f(DATA, 0, 1, Buffer.alloc(16_385))],
  ['a frame that claims 16 MB', 'FRAME_SIZE_ERROR', Buffer.from([0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1])],
  ['DATA on stream 0', 'PROTOCOL_ERROR', f(DATA, 0, 0, [1])],
  ['DATA on a stream never opened', 'PROTOCOL_ERROR', f(DATA, 0, 99, [1])],
  ['DATA on an even stream', 'PROTOCOL_ERROR', f(DATA, 0, 2, [1])],
  ['DATA that is less than its padding', 'PROTOCOL_ERROR', f(DATA, PADDED, 1, [5, 0, 0])],
  ['DATA that is padded and empty', 'PROTOCOL_ERROR', f(DATA, PADDED, 1)],
  ['HEADERS on stream 0', 'PROTOCOL_ERROR', f(HEADERS, END_HEADERS, 0, [0x88])],
  ['HEADERS on a stream never opened', 'PROTOCOL_ERROR', f(HEADERS, END_HEADERS, 7, [0x88])],
  ['unfinished HEADERS on a stream never opened', 'PROTOCOL_ERROR', f(HEADERS, 0, 7, [0x88])],
  ['HEADERS less than their padding', 'PROTOCOL_ERROR', f(HEADERS, END_HEADERS | PADDED, 1, [9, 0x88])],
  ['HEADERS less than their priority', 'PROTOCOL_ERROR', f(HEADERS, END_HEADERS | 0x20, 1, [0, 0, 0])],
  ['HEADERS on a stream that has ended', 'STREAM_CLOSED', ...twice(f(HEADERS, END_HEADERS | END_STREAM, 1, [0x88]))],
  [
    'DATA on a stream that has ended',
    'STREAM_CLOSED',
    f(HEADERS, END_HEADERS | END_STREAM, 1, [0x88]),
    f(DATA, 0, 1, [1]),
  ],
  ['CONTINUATION without HEADERS', 'PROTOCOL_ERROR', f(CONTINUATION, END_HEADERS, 1, [0x88])],
  ['CONTINUATION of another stream', 'PROTOCOL_ERROR', f(HEADERS, 0, 1, [0x88]), f(CONTINUATION, END_HEADERS, 3)],
  [
    'a frame between HEADERS and CONTINUATION',
    'PROTOCOL_ERROR',
    f(HEADERS, 0, 1, [0x88]),
    f(PING, 0, 0, Buffer.alloc(8)),
  ],
  ['an unknown frame inside a header block', 'PROTOCOL_ERROR', f(HEADERS, 0, 1, [0x88]), f(0xbb, 0, 1)],
  ['PRIORITY on stream 0', 'PROTOCOL_ERROR', f(PRIORITY, 0, 0, Buffer.alloc(5))],
  ['PRIORITY of four bytes', 'FRAME_SIZE_ERROR', f(PRIORITY, 0, 1, Buffer.alloc(4))],
  ['RST_STREAM on stream 0', 'PROTOCOL_ERROR', f(RST_STREAM, 0, 0, uint32(0))],
  ['RST_STREAM on a stream never opened', 'PROTOCOL_ERROR', f(RST_STREAM, 0, 101, uint32(0))],
  ['RST_STREAM of three bytes', 'FRAME_SIZE_ERROR', f(RST_STREAM, 0, 1, [0, 0, 0])],
  ['SETTINGS on a stream', 'PROTOCOL_ERROR', f(SETTINGS, 0, 1)],
  ['SETTINGS of five bytes', 'FRAME_SIZE_ERROR', f(SETTINGS, 0, 0, Buffer.alloc(5))],
  ['SETTINGS ACK with a payload', 'FRAME_SIZE_ERROR', f(SETTINGS, ACK, 0, Buffer.alloc(6))],
  ['ENABLE_PUSH from a server', 'PROTOCOL_ERROR', f(SETTINGS, 0, 0, setting(2, 1))],
  ['an initial window over 2^31', 'FLOW_CONTROL_ERROR', f(SETTINGS, 0, 0, setting(4, 0x8000_0000))],
  ['a largest frame under 16,384', 'PROTOCOL_ERROR', f(SETTINGS, 0, 0, setting(5, 16_383))],
  ['a largest frame over 2^24', 'PROTOCOL_ERROR', f(SETTINGS, 0, 0, setting(5, 0x100_0000))],
  [
    'an initial window that takes an open stream over 2^31',
    'FLOW_CONTROL_ERROR',
    f(WINDOW_UPDATE, 0, 1, uint32(0x7fff_0000)),
    f(SETTINGS, 0, 0, setting(4, 0x2_0000)),
  ],
  ['PUSH_PROMISE', 'PROTOCOL_ERROR', f(PUSH_PROMISE, END_HEADERS, 1, [0, 0, 0, 2, 0x88])],
  ['PING on a stream', 'PROTOCOL_ERROR', f(PING, 0, 1, Buffer.alloc(8))],
  ['PING of seven bytes', 'FRAME_SIZE_ERROR', f(PING, 0, 0, Buffer.alloc(7))],
  ['GOAWAY on a stream', 'PROTOCOL_ERROR', f(GOAWAY, 0, 1, uint32(1, 0))],
  ['GOAWAY of seven bytes', 'FRAME_SIZE_ERROR', f(GOAWAY, 0, 0, Buffer.alloc(7))],
  ['WINDOW_UPDATE of three bytes', 'FRAME_SIZE_ERROR', f(WINDOW_UPDATE, 0, 0, Buffer.alloc(3))],
  ['WINDOW_UPDATE by 0 of the connection', 'PROTOCOL_ERROR', f(WINDOW_UPDATE, 0, 0, uint32(0))],
  ['WINDOW_UPDATE of a stream never opened', 'PROTOCOL_ERROR', f(WINDOW_UPDATE, 0, 55, uint32(1))],
  ['a connection window over 2^31', 'FLOW_CONTROL_ERROR', f(WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff))],
  ['more data than the stream window', 'FLOW_CONTROL_ERROR', f(HEADERS, END_HEADERS, 1, [0x88]), overflow()],
];

function twice(frame: Buffer): Buffer[] {
  return [frame, frame];
}

/** The last part of an answer that is larger than the stream's window; padding is not returned before. */
function overflow(): Buffer {
  const padding = f(DATA, PADDED, 1, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)]));
  return Buffer.concat([...Array(1000).fill(padding)]);
}

test.each(cases.slice(0, -1))('%s closes the session with %s', async (_what, code, ...frames) => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (peer.connections.length > 1) connection.respond(id);
      else connection.send(...frames);
    },
  });
  const pool = testPool(peer.origin, { connections: 1 });
  const sent = send(pool);
  await until(() => peer.connections[0]?.goawayCode !== undefined);
  expect(peer.connections[0]?.goawayCode).toBe(errorCodes[code]);
  const [first] = await sent;
  if (code !== 'STREAM_CLOSED') expect(first?.fault).toMatchObject({ code: `HTTP2_${code}`, processed: 'maybe' });
  await until(() => peer.connections[0]?.closed === true);
  // Only that session is gone.
  expect((await send(pool))[0]?.status).toBe(200);
});

test('a stream window over 2^31 ends that stream only', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (id === 1) connection.windowUpdate(1, 0x7fff_ffff);
      else if (id === 3) connection.send(f(WINDOW_UPDATE, 0, 3, uint32(0)));
      else connection.respond(id);
    },
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 3 });
  expect(results.map(({ status, fault }) => status ?? fault?.code)).toEqual(['PROTOCOL_ERROR', 'PROTOCOL_ERROR', 200]);
  await until(() => peer.connections[0]?.ofType(RST_STREAM).length === 2);
  expect(peer.connections[0]?.ofType(RST_STREAM).map(({ payload }) => payload.readUInt32BE())).toEqual([
    errorCodes.FLOW_CONTROL_ERROR,
    errorCodes.PROTOCOL_ERROR,
  ]);
});

test.each([
  ['something else', f(PING, 0, 0, Buffer.alloc(8))],
  ['an acknowledgement', f(SETTINGS, ACK, 0)],
  ['HTTP/1', Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')],
])('a peer that begins with %s is no HTTP/2 peer', async (_what, bytes) => {
  const peer = await startRawPeer({ settings: null, onConnection: (connection) => connection.send(bytes) });
  const pool = testPool(peer.origin);
  const [result] = await send(pool);
  expect(result?.fault?.processed).toBe('no');
  expect(result?.fault?.code).toMatch(/^(HTTP2_(PROTOCOL_ERROR|FRAME_SIZE_ERROR)|NO_HTTP2)$/);
  expect(pool.stats()).toMatchObject({ connects: 0, connectFailures: 1 });
});

test('unknown frame types, flags and the reserved bit are ignored', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      connection.send(f(0xbb, 0xff, 0, [1, 2, 3]), f(0x10, 0, 0x8000_0001, [0]), f(PRIORITY, 0, 1, Buffer.alloc(5)));
      connection.send(f(HEADERS, END_HEADERS | END_STREAM | (0xd2 & ~PADDED & ~0x20), id, [0x88]));
    },
  });
  expect((await send(testPool(peer.origin)))[0]?.status).toBe(200);
});
