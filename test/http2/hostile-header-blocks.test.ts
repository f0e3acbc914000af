import { expect, test } from 'vitest';
import {
  CONTINUATION,
  END_HEADERS,
  END_STREAM,
  type ErrorName,
  errorCodes,
  HEADERS,
} from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { literals, rawFrame, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const block = (...bytes: number[]): Buffer[] => [rawFrame(HEADERS, END_HEADERS | END_STREAM, 1, bytes)];
const entered = (name: string, value: string): Buffer => {
  const bytes = literals([[name, value]]);
  bytes[0] = 0x40;
  return bytes;
};

// RFC 7541 and the limits that RFC 9113 section 10.5 asks for.
test.each<[what: string, code: ErrorName, frames: Buffer[]]>([
  ['index 0', 'COMPRESSION_ERROR', block(0x80)],
  ['an index past the table', 'COMPRESSION_ERROR', block(0x88, 0xff, 0x00)],
  ['an index past the static table, for a name', 'COMPRESSION_ERROR', block(0x7f, 0x00, 0x01, 0x61)],
  ['an integer that does not end', 'COMPRESSION_ERROR', block(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
  ['an integer over 2^31', 'COMPRESSION_ERROR', block(0xff, 0x80, 0x80, 0x80, 0x80, 0x10)],
  ['an integer cut off', 'COMPRESSION_ERROR', block(0x88, 0xff)],
  ['a string cut off', 'COMPRESSION_ERROR', block(0x40, 0x0a, 0x61)],
  ['a value missing', 'COMPRESSION_ERROR', block(0x40, 0x01, 0x61)],
  ['a table larger than allowed', 'COMPRESSION_ERROR', block(0x3f, 0xe2, 0x1f, 0x88)],
  ['a table size after a header', 'COMPRESSION_ERROR', block(0x88, 0x20)],
  ['Huffman with EOS in it', 'COMPRESSION_ERROR', block(0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00)],
  ['Huffman padded with zeros', 'COMPRESSION_ERROR', block(0x00, 0x81, 0x00, 0x00)],
  ['Huffman with eight bits of padding', 'COMPRESSION_ERROR', block(0x00, 0x82, 0x1f, 0xff, 0x00)],
  ['headers over the limit by repetition', 'ENHANCE_YOUR_CALM', bomb()],
  ['a header block without end', 'ENHANCE_YOUR_CALM', endless(16_000)],
  ['a header block of empty CONTINUATIONs', 'ENHANCE_YOUR_CALM', endless(0)],
])('%s closes the session with %s', async (_what, code, frames) => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (peer.connections.length > 1) connection.respond(id);
      else connection.send(...frames);
    },
  });
  const pool = testPool(peer.origin, { connections: 1 });
  const [first] = await send(pool);
  expect(first?.fault).toMatchObject({ code: `HTTP2_${code}`, processed: 'maybe' });
  await until(() => peer.connections[0]?.goawayCode !== undefined);
  expect(peer.connections[0]?.goawayCode).toBe(errorCodes[code]);
  expect((await send(pool))[0]?.status).toBe(200);
});

/** One large entry, referred to thousands of times: a few kilobytes that claim to be megabytes. */
function bomb(): Buffer[] {
  const large = Buffer.concat([Buffer.from([0x88]), entered('x', 'v'.repeat(4000)), Buffer.alloc(8000, 0xbe)]);
  return [rawFrame(HEADERS, END_HEADERS | END_STREAM, 1, large)];
}

function endless(size: number): Buffer[] {
  return [rawFrame(HEADERS, 0, 1, [0x88]), ...Array(40).fill(rawFrame(CONTINUATION, 0, 1, Buffer.alloc(size)))];
}

test('the headers of an unwanted answer still update the table of the connection', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id, path }) => {
      if (path === '/slow') {
        // Long after the client has given up on stream 1: an answer that enters a header into the table.
        setTimeout(() => {
          const late = Buffer.concat([Buffer.from([0x88]), entered('x-late', 'entered')]);
          connection.send(rawFrame(HEADERS, END_HEADERS | END_STREAM, id, late));
        }, 150);
      } else if (path === '/after') connection.send(rawFrame(HEADERS, END_HEADERS | END_STREAM, id, [0x88, 0xbe]));
      else connection.respond(id);
    },
  });
  const pool = testPool(peer.origin, { connections: 1, requestTimeoutMs: 60 });
  const slow = send(pool, { path: () => '/slow' });
  // Other answers keep the session in use.
  let given = false;
  void slow.then(() => {
    given = true;
  });
  while (!given) await send(pool, { path: () => '/quick' });
  expect((await slow)[0]?.fault?.code).toBe('REQUEST_TIMEOUT');
  for (let i = 0; i < 60; i++) {
    await send(pool, { path: () => '/quick' });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [after] = await send(pool, { path: () => '/after' });
  expect(after?.headers?.['x-late']).toBe('entered');
  expect(peer.connections.length).toBe(1);
});
