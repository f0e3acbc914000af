import { expect, test } from 'vitest';
import { ACK, SETTINGS } from '../../src/http2/frames/frames.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

test('unknown settings are ignored, and every SETTINGS frame is acknowledged', async () => {
  const peer = await startRawPeer({
    settings: [
      [0xaaaa, 7],
      [0x9, 1],
    ],
  });
  const pool = testPool(peer.origin);
  await send(pool);
  peer.connections[0]?.settings([0x8, 1], [0xffff, 0xffff_ffff]);
  await send(pool);
  await until(() => peer.connections[0]?.ofType(SETTINGS).filter((f) => f.flags === ACK).length === 2);
  expect(peer.connections.length).toBe(1);
});

test('our SETTINGS refuse server push', async () => {
  const peer = await startRawPeer();
  await send(testPool(peer.origin));
  const [ours] = peer.connections[0]?.ofType(SETTINGS) ?? [];
  expect(ours?.payload.subarray(0, 6)).toEqual(Buffer.from([0, 2, 0, 0, 0, 0]));
});
