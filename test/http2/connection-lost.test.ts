import { expect, test } from 'vitest';
import { SETTINGS_MAX_CONCURRENT_STREAMS } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { type RawPeer, startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test.each([
  ['cut', (peer: RawPeer) => peer.connections[0]?.socket.destroy()],
  ['reset', (peer: RawPeer) => peer.sockets[0]?.resetAndDestroy()],
  ['closed in order', (peer: RawPeer) => peer.connections[0]?.socket.end()],
])(
  'a connection that is %s: what was written may have been processed, what was not is sent elsewhere',
  async (_how, cut) => {
    const peer = await startRawPeer({
      settings: [[SETTINGS_MAX_CONCURRENT_STREAMS, 5]],
      onRequest: (connection, { id }) => {
        if (connection !== peer.connections[0]) connection.respond(id);
        else if (connection.requests.length === 5) cut(peer);
      },
    });
    const results = await send(testPool(peer.origin, { connections: 1 }), { count: 12 });
    for (const { fault } of results.slice(0, 5)) {
      expect(fault?.code).toMatch(/CONNECTION_LOST|ECONNRESET|EPIPE/);
      expect(fault?.processed).toBe('maybe');
    }
    expect(results.slice(5).map(({ status }) => status)).toEqual(Array(7).fill(200));
  },
);

test('a connection cut in the middle of a frame', async () => {
  const peer = await startRawPeer({
    onRequest: (connection, { id }) => {
      if (connection !== peer.connections[0]) return connection.respond(id);
      connection.send(Buffer.from([0, 0, 9, 1, 4]));
      connection.socket.end();
    },
  });
  const pool = testPool(peer.origin);
  expect((await send(pool))[0]?.fault?.processed).toBe('maybe');
  expect((await send(pool))[0]?.status).toBe(200);
});

test('an idle connection that the peer closes is replaced without a fault', async () => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin);
  for (let i = 0; i < 5; i++) {
    expect((await send(pool))[0]?.status).toBe(200);
    peer.connections[i]?.socket.destroy();
    while (pool.stats().sessions > 0) await new Promise(setImmediate);
  }
  expect(peer.connections.length).toBe(5);
});
