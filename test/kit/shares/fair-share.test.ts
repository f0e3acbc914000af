import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairLevel, fairlyLast } from '../../../src/kit/shares/fair-share.ts';

test('who holds less than its part keeps all of it, and those who hold most give way', () => {
  const items = [...'aaaaaaaaaabbcc'];
  expect(fairlyLast(items, 8, (item) => item).join('')).toBe('aaaabbcc');
  expect(fairlyLast(items, 14, (item) => item)).toEqual(items);
});

test('of an owner that gives way the last ones stay', () => {
  const items = ['a1', 'b1', 'a2', 'a3', 'a4'];
  expect(fairlyLast(items, 3, ([owner = '']) => owner)).toEqual(['b1', 'a3', 'a4']);
});

test('no more stay than there is room, none less than its equal part of it, and all where there is room', () => {
  const owners = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 200 });
  fc.assert(
    fc.property(owners, fc.integer({ min: 1, max: 250 }), (items, most) => {
      const counts = (list: readonly string[]) => Map.groupBy(list, (item) => item);
      const [before, left] = [counts(items), counts(fairlyLast(items, most, (item) => item))];
      const kept = left.values().reduce((sum, { length }) => sum + length, 0);
      expect(kept).toBeLessThanOrEqual(Math.max(most, 0));
      if (items.length <= most) expect(kept).toBe(items.length);
      const part = Math.floor(most / before.size);
      for (const [owner, { length }] of before)
        expect(left.get(owner)?.length ?? 0).toBeGreaterThanOrEqual(Math.min(length, part));
    }),
  );
});

test('the level is infinite where there is room for all', () => {
  expect(fairLevel([3, 4], 7)).toBe(Number.POSITIVE_INFINITY);
  expect(fairLevel([3, 5], 7)).toBe(4);
});
