import { expect, test } from 'vitest';
import { DATA, SETTINGS_INITIAL_WINDOW_SIZE, SETTINGS_MAX_FRAME_SIZE } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const MB = 2 ** 20;

test('a request whose path no peer would take fails alone, and is not written', async () => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin, { connections: 1 });
  const results = await send(pool, { count: 3, path: (i) => (i === 1 ? `/${'x'.repeat(2 * MB)}` : `/${i}`) });
  expect(results.map(({ status }) => status)).toEqual([200, undefined, 200]);
  expect(results[1]?.fault).toMatchObject({ processed: 'no', message: expect.stringContaining('65536 bytes') });
  expect(pool.stats()).toMatchObject({ connects: 1 });
});

test('a peer that allows frames and windows of any size gets bodies of megabytes in small frames', async () => {
  const peer = await startRawPeer({
    settings: [
      [SETTINGS_MAX_FRAME_SIZE, 2 ** 24 - 1],
      [SETTINGS_INITIAL_WINDOW_SIZE, 2 ** 30],
    ],
    onConnection: (connection) => connection.windowUpdate(0, 2 ** 30),
  });
  const pool = testPool(peer.origin, { connections: 1 });
  await send(pool);
  const results = await send(pool, { count: 3, fixedBody: Buffer.alloc(3 * MB, 'x') });
  expect(results.map(({ status }) => status)).toEqual([200, 200, 200]);
  const sizes = peer.connections[0]?.frames.map(({ type, payload }) => (type === DATA ? payload.length : 0)) ?? [];
  expect(Math.max(...sizes)).toBeLessThanOrEqual(32 * 1024);
  expect(pool.stats()).toMatchObject({ connects: 1 });
});
