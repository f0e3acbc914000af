import { expect, test } from 'vitest';
import { SETTINGS_INITIAL_WINDOW_SIZE } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('a peer that does not read stops the pump, and memory stays bounded', async () => {
  const count = 4000;
  const peer = await startRawPeer({
    settings: [[SETTINGS_INITIAL_WINDOW_SIZE, 0x7fff_ffff]],
    onConnection: (connection) => connection.windowUpdate(0, 0x7fff_0000),
    onRequest: (connection, { id }) => {
      if (id === 1) connection.socket.pause();
      connection.respond(id);
    },
  });
  const pool = testPool(peer.origin, { connections: 1 });
  await send(pool);
  const before = process.memoryUsage();
  const sent = send(pool, { count, fixedBody: Buffer.alloc(16_000) });
  // 64 MB are to be sent; the sockets' own buffers take a few.
  let inFlight = -1;
  await until(() => {
    const still = pool.stats().inFlight === inFlight && inFlight > 0;
    inFlight = pool.stats().inFlight;
    return still;
  });
  expect(pool.stats().waiting).toBeGreaterThan(count / 2);
  expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(4_000_000);
  peer.connections[0]?.socket.resume();
  expect((await sent).every(({ status }) => status === 200)).toBe(true);
});
