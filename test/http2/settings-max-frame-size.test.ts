import { expect, test } from 'vitest';
import { DATA, SETTINGS_INITIAL_WINDOW_SIZE, SETTINGS_MAX_FRAME_SIZE } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const body = Buffer.alloc(40_000, 'b');
const wide = [SETTINGS_INITIAL_WINDOW_SIZE, 1_000_000] as const;

test('no frame is larger than the peer takes, as it stands and as it changes', async () => {
  const peer = await startRawPeer({ settings: [wide] });
  const pool = testPool(peer.origin, { connections: 1 });
  await send(pool, { fixedBody: body });
  const [connection] = peer.connections;
  expect(connection?.ofType(DATA).map((f) => f.payload.length)).toEqual([16_384, 16_384, 7_232]);
  connection?.settings([SETTINGS_MAX_FRAME_SIZE, 30_000]);
  connection?.windowUpdate(0, 1_000_000);
  await send(pool, { fixedPath: '/warm', fixedBody: Buffer.from('x') });
  await send(pool, { fixedBody: body });
  expect(
    connection
      ?.ofType(DATA)
      .slice(4)
      .map((f) => f.payload.length),
  ).toEqual([30_000, 10_000]);
  expect(connection?.requests.at(-1)?.body).toEqual(body);
});
