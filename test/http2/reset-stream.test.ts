import { expect, test } from 'vitest';
import {
  END_HEADERS,
  errorCodes,
  HEADERS,
  RST_STREAM,
  SETTINGS_INITIAL_WINDOW_SIZE,
} from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { rawFrame, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test.each(['INTERNAL_ERROR', 'CANCEL', 'NO_ERROR', 'ENHANCE_YOUR_CALM', 'HTTP_1_1_REQUIRED'] as const)(
  'a stream reset with %s may have been processed and is not sent again',
  async (name) => {
    const peer = await startRawPeer({ onRequest: (connection, { id }) => connection.reset(id, errorCodes[name]) });
    const [result] = await send(testPool(peer.origin));
    expect(result?.fault).toMatchObject({ code: `RST_${name}`, processed: 'maybe' });
    expect(peer.connections[0]?.requests.length).toBe(1);
  },
);

test('a reset in the middle of an answer is not an answer', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      connection.send(rawFrame(HEADERS, END_HEADERS, id, [0x88]));
      connection.reset(id, errorCodes.CANCEL);
    },
  });
  const [result] = await send(testPool(peer.origin));
  expect(result?.fault).toMatchObject({ code: 'RST_CANCEL', processed: 'maybe' });
});

test('a reset after a complete answer does not matter', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      connection.respond(id, { status: 410, body: '{"reason":"Unregistered"}' });
      connection.reset(id, errorCodes.NO_ERROR);
    },
  });
  const pool = testPool(peer.origin);
  const results = await send(pool, { count: 30 });
  for (const { status, body } of results) expect([status, body]).toEqual([410, '{"reason":"Unregistered"}']);
  expect(peer.connections.length).toBe(1);
});

test('an answer before the end of the request counts, and the rest of the request is cancelled', async () => {
  const peer = await startRawPeer({
    settings: [[SETTINGS_INITIAL_WINDOW_SIZE, 100]],
    onHeaders: (connection, { id, path }) => {
      if (path === '/0') connection.respond(id, { status: 413, body: '{"reason":"PayloadTooLarge"}' });
    },
  });
  const pool = testPool(peer.origin);
  const [early] = await send(pool, { fixedBody: Buffer.alloc(5000) });
  expect(early).toMatchObject({ status: 413, body: '{"reason":"PayloadTooLarge"}' });
  const [connection] = peer.connections;
  await until(() => connection?.ofType(RST_STREAM).length === 1);
  expect(connection?.ofType(RST_STREAM)[0]).toMatchObject({
    id: 1,
    payload: Buffer.from([0, 0, 0, errorCodes.CANCEL]),
  });
  // Late frames for it are no mistake of the peer's.
  connection?.windowUpdate(1, 1000);
  connection?.reset(1, errorCodes.NO_ERROR);
  expect((await send(pool, { path: () => '/small' }))[0]?.status).toBe(200);
  expect(peer.connections.length).toBe(1);
});

test('nothing more of a request is sent once it has been answered and cancelled', async () => {
  const peer = await startRawPeer({
    onHeaders: (connection, { id, path }) => {
      if (path === '/0') connection.respond(id, { status: 413 });
    },
  });
  const pool = testPool(peer.origin, { connections: 1 });
  // More than the window of the connection, so that the rest waits here.
  await send(pool, { fixedBody: Buffer.alloc(100_000) });
  const [connection] = peer.connections;
  await until(() => connection?.ofType(RST_STREAM).length === 1);
  connection?.windowUpdate(0, 1_000_000);
  expect((await send(pool, { path: () => '/after' }))[0]?.status).toBe(200);
  const reset = connection?.frames.findIndex(({ type }) => type === RST_STREAM) as number;
  expect(connection?.frames.slice(reset + 1).filter(({ id }) => id === 1)).toEqual([]);
});
