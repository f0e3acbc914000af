import { expect, test } from 'vitest';
import { DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, WINDOW_UPDATE } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { startNodePeer } from './node-peer.ts';
import { rawFrame, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('answers of many megabytes keep coming: both receive windows are replenished', async () => {
  const large = Buffer.alloc(500_000, 'r');
  const peer = await startNodePeer(
    (stream) => {
      stream.respond({ ':status': 200 });
      stream.end(large);
    },
    { maxSessionMemory: 1000 },
  );
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 60 });
  expect(results.map(({ body, fault }) => fault ?? body?.length)).toEqual(results.map(() => large.length));
});

test('an answer larger than anybody needs is refused, and the session goes on', async () => {
  const peer = await startNodePeer((stream, headers) => {
    stream.respond({ ':status': 200 });
    stream.end(headers[':path'] === '/0' ? Buffer.alloc(2_000_000) : 'small');
  });
  const pool = testPool(peer.origin, { connections: 1 });
  const [huge, small] = await send(pool, { count: 2 });
  expect(huge?.fault).toMatchObject({ code: 'MALFORMED_RESPONSE', processed: 'maybe' });
  expect(small?.body).toBe('small');
  expect((await send(pool, { path: () => '/1' }))[0]?.body).toBe('small');
  expect(peer.sessions.length).toBe(1);
});

test('padding counts in flow control and is not part of the body', async () => {
  const padded = Buffer.concat([Buffer.from([200]), Buffer.from('ok'), Buffer.alloc(200)]);
  const peer = await startRawPeer({
    onRequest: (connection, { id }) =>
      connection.send(
        rawFrame(HEADERS, END_HEADERS | PADDED, id, [3, 0x88, 0, 0, 0]),
        rawFrame(DATA, PADDED, id, padded),
        rawFrame(DATA, END_STREAM | PADDED, id, padded),
      ),
  });
  const results = await send(testPool(peer.origin, { connections: 1 }), { count: 15_000, fixedBody: Buffer.alloc(0) });
  expect(results.find(({ status, body }) => status !== 200 || body !== 'okok')).toBe(undefined);
  const returned = (peer.connections[0]?.ofType(WINDOW_UPDATE) ?? []).slice(1);
  expect(returned.reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0)).toBeGreaterThan(4_000_000);
});
