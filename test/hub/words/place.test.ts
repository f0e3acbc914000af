import { expect, test } from 'vitest';
import { placeAfter, placeInCursor, SLOTS } from '../../../src/hub/words/place.ts';

const NOW = Date.UTC(2026, 10, 1);

test('places follow the clock, and rise where it does not', () => {
  const first = placeAfter(0, NOW);
  expect(first).toBe(NOW * SLOTS);
  expect(placeAfter(first, NOW)).toBe(first + 1);
  expect(placeAfter(first, NOW - 3_600_000)).toBe(first + 1);
  expect(placeAfter(first, NOW + 1)).toBe((NOW + 1) * SLOTS);
});

test('a cursor of an earlier version, which has milliseconds, goes on where it was', () => {
  expect(placeInCursor(NOW)).toBe(NOW * SLOTS);
  expect(placeInCursor(placeAfter(0, NOW))).toBe(NOW * SLOTS);
  // What no list has made is a place all the same, that a store can look for.
  expect(placeInCursor(Number.MIN_SAFE_INTEGER)).toBe(0);
});
