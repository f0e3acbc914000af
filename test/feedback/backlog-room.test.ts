import { expect, test } from 'vitest';
import { BacklogRoom, type Share } from '../../src/feedback/backlog-room.ts';

const fill = (share: Share, bytes = 1): number => {
  let entries = 0;
  while (share.take(bytes)) entries++;
  return entries;
};

test('a share holds its part and no more, though there is room', () => {
  const room = new BacklogRoom({ maxEntries: 1000, maxBytes: 1e6 });
  expect(fill(room.share(1))).toBe(1000);
  expect(fill(new BacklogRoom({ maxEntries: 1000, maxBytes: 1e6 }).share(0.1))).toBe(100);
});

test('the part is one of characters, too', () => {
  const room = new BacklogRoom({ maxEntries: 1000, maxBytes: 10_000 });
  expect(fill(room.share(0.1), 100)).toBe(10);
});

test('however full the others are, each has its reserve', () => {
  const room = new BacklogRoom({ maxEntries: 1000, maxBytes: 1e6 });
  fill(room.share(1));
  for (let app = 0; app < 20; app++) expect(fill(room.share(0.1))).toBe(10);
});

test('what is given back can be taken again, by anybody', () => {
  const room = new BacklogRoom({ maxEntries: 100, maxBytes: 1e6 });
  const first = room.share(1);
  fill(first, 10);
  const second = room.share(0.5);
  expect(fill(second, 10)).toBe(1);
  for (let entry = 0; entry < 100; entry++) first.give(10);
  expect(fill(second, 10)).toBe(49);
});

test('a thousand shares that all are full hold little more than twice the whole, and each of them something', () => {
  const room = new BacklogRoom({ maxEntries: 100_000, maxBytes: 64 * 2 ** 20 });
  const shares = Array.from({ length: 1000 }, () => room.share(0.1));
  const held = shares.map((share) => {
    let bytes = 0;
    while (share.take(1000)) bytes += 1000;
    return bytes;
  });
  expect(Math.min(...held)).toBeGreaterThanOrEqual(16_000);
  expect(held.reduce((sum, bytes) => sum + bytes)).toBeLessThan(2.3 * 64 * 2 ** 20);
  // What they gave back is there for the next: as if nothing had been.
  for (const [index, bytes] of held.entries()) for (let left = bytes; left > 0; left -= 1000) shares[index]?.give(1000);
  let again = 0;
  while (shares[0]?.take(1000)) again += 1000;
  expect(again).toBe(held[0]);
});
