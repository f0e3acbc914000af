import { expect, test } from 'vitest';
import { DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import type { Headers } from './hpack/hpack-peer.ts';
import { literals, rawFrame, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const headers = (...list: Headers) => rawFrame(HEADERS, END_HEADERS, 1, literals(list));
const last = (...list: Headers) => rawFrame(HEADERS, END_HEADERS | END_STREAM, 1, literals(list));
const data = (text: string) => rawFrame(DATA, END_STREAM, 1, Buffer.from(text));
const ok: Headers[number] = [':status', '200'];

// RFC 9113 section 8: a malformed answer is a stream error, and only that.
test.each([
  ['no status', [last(['x', 'y'])]],
  ['two statuses', [last(ok, ok)]],
  ['a status that is not a number', [last([':status', 'ok '])]],
  ['a status of four digits', [last([':status', '2000'])]],
  ['a request pseudo-header', [last(ok, [':path', '/'])]],
  ['a status after a header', [last(['x', 'y'], ok)]],
  ['a name in upper case', [last(ok, ['Apns-Id', 'x'])]],
  ['an empty name', [last(ok, ['', 'x'])]],
  ['a field of HTTP/1 connections', [last(ok, ['connection', 'close'])]],
  ['101', [headers([':status', '101'])]],
  ['an informational answer that ends the stream', [last([':status', '100'])]],
  ['a body before any headers', [data('x')]],
  ['a body shorter than announced', [headers(ok, ['content-length', '5']), data('four')]],
  ['a body longer than announced', [headers(ok, ['content-length', '3']), data('four')]],
  ['an announced length that is none', [last(ok, ['content-length', 'many'])]],
  ['trailers that do not end the stream', [headers(ok), headers(['x', 'y'])]],
  ['trailers with a status', [headers(ok), last(ok)]],
])('%s', async (_name, frames) => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (id === 1) connection.send(...frames);
      else connection.respond(id);
    },
  });
  const pool = testPool(peer.origin, { connections: 1 });
  const [broken, fine] = await send(pool, { count: 2 });
  expect(broken?.fault).toMatchObject({ code: 'MALFORMED_RESPONSE', processed: 'maybe' });
  expect(fine?.status).toBe(200);
  await until(() => peer.connections[0]?.ofType(RST_STREAM).length === 1);
  expect(peer.connections[0]?.ofType(RST_STREAM)[0]?.payload).toEqual(Buffer.from([0, 0, 0, 1]));
  expect(peer.connections.length).toBe(1);
});
