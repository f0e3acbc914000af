import { expect, test } from 'vitest';
import { SaveQueue } from '../../../src/hub/streams/save-queue.ts';

test('what is given at once shares transactions of a few megabytes, not only of a few entries', async () => {
  const bytes: number[] = [];
  const queue = new SaveQueue(async (entries) => {
    bytes.push(entries.reduce((sum, { draft }) => sum + draft.payload.length, 0));
    return entries.map(({ draft }, index) => ({ ...draft, id: String(index) }));
  });
  const payload = JSON.stringify('x'.repeat(250_000));
  const entry = { user: 'default/ada', draft: { type: 'a', payload, timestamp: '2026-05-08T10:00:00Z' } };
  const saved = await Promise.all(Array.from({ length: 200 }, () => queue.add([entry])));
  expect(saved.flat()).toHaveLength(200);
  expect(Math.max(...bytes)).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(bytes.length).toBeLessThan(20);
});
