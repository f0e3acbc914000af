import { expect, test } from 'vitest';
import { SETTINGS_HEADER_TABLE_SIZE } from '../../src/http2/frames/frames.ts';
import { send } from './burst-of.ts';
import { startRawPeer } from './raw-peer.ts';
import { testPool } from './test-pool.ts';

const table = (size: number) => [SETTINGS_HEADER_TABLE_SIZE, size] as const;
const headers = (generation: number) => [
  { name: 'authorization', value: `bearer ${generation}${'t'.repeat(200)}`, indexing: 'index' as const },
  { name: 'apns-topic', value: 'com.example', indexing: 'index' as const },
];

test('the encoder follows the table size as it changes, and the peer decodes every block', async () => {
  const peer = await startRawPeer({ settings: [table(4096)] });
  const pool = testPool(peer.origin, { connections: 1 });
  const sizes = [4096, 0, 300, 0, 100_000, 64, 4096];
  for (const [generation, size] of sizes.entries()) {
    // The new size is on its way to the client before the answers of this round are.
    await send(pool, { count: 3, headers: headers(generation) });
    peer.connections[0]?.settings(table(size));
    await send(pool, { count: 3, headers: headers(generation) });
  }
  const requests = peer.connections[0]?.requests ?? [];
  expect(requests.length).toBe(sizes.length * 6);
  for (const [i, request] of requests.entries()) {
    expect(request.headers.find(([name]) => name === 'authorization')?.[1]).toBe(
      `bearer ${Math.floor(i / 6)}${'t'.repeat(200)}`,
    );
  }
  expect(peer.connections.length).toBe(1);
});

test('a header that changes is entered anew and then referred to by its index', async () => {
  const peer = await startRawPeer();
  const pool = testPool(peer.origin, { connections: 1 });
  for (const generation of [1, 1, 2, 2]) await send(pool, { headers: headers(generation) });
  const sizes = peer.connections[0]?.ofType(1).map(({ payload }) => payload.length) ?? [];
  expect(sizes[0]).toBeGreaterThan(150);
  expect(sizes[1]).toBeLessThan(15);
  expect(sizes[2]).toBeGreaterThan(100);
  expect(sizes[3]).toBeLessThan(15);
});
