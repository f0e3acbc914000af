import { expect, test } from 'vitest';
import { CONTINUATION, END_HEADERS, END_STREAM, HEADERS } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import type { Headers } from './hpack/hpack-peer.ts';
import { literals, rawFrame, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('a header block larger than a frame is continued, with and without a body', async () => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin);
  const value = `${'\u00ff~'.repeat(9000)}`;
  const headers = [{ name: 'x-large', value, indexing: 'plain' as const }];
  await send(pool, { count: 2, headers });
  await send(pool, { headers, fixedPath: '/fixed', fixedBody: Buffer.alloc(0) });
  const [connection] = peer.connections;
  expect(connection?.ofType(HEADERS).map(({ flags }) => flags & END_HEADERS)).toEqual([0, 0, 0]);
  expect(connection?.ofType(CONTINUATION).length).toBeGreaterThanOrEqual(3);
  for (const { headers: received } of connection?.requests ?? []) {
    expect(Buffer.from(received.at(-1)?.[1] as string, 'latin1').toString()).toBe(value);
  }
  expect(connection?.requests.map(({ path, body }) => [path, body.toString()])).toEqual([
    ['/0', 'body 0'],
    ['/1', 'body 1'],
    ['/fixed', ''],
  ]);
});

test('an answer whose header block comes in pieces, one of them empty', async () => {
  const headers: Headers = [
    [':status', '200'],
    ['apns-id', 'abc'],
    ['x-large', 'v'.repeat(3000)],
  ];
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      const block = literals(headers);
      connection.send(
        rawFrame(HEADERS, END_STREAM, id, block.subarray(0, 5)),
        rawFrame(CONTINUATION, 0, id),
        rawFrame(CONTINUATION, 0, id, block.subarray(5, 2000)),
        rawFrame(CONTINUATION, END_HEADERS, id, block.subarray(2000)),
      );
    },
  });
  const results = await send(testPool(peer.origin), { count: 3 });
  for (const { status, headers: received } of results) {
    expect([status, received?.['apns-id'], received?.['x-large']?.length]).toEqual([200, 'abc', 3000]);
  }
});
