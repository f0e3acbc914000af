import { expect, test } from 'vitest';
import { Throttle } from '../../src/kit/throttle.ts';

test('the first event is told at once, the others together after a minute', () => {
  let now = 0;
  const told: number[] = [];
  const throttle = new Throttle(60_000, () => now);
  const add = (events: number) => throttle.add('kind', events, (total) => void told.push(total));
  add(1);
  add(2);
  now = 59_999;
  add(3);
  expect(told).toEqual([1]);
  now = 60_000;
  add(4);
  expect(told).toEqual([1, 9]);
});

test('kinds do not hide each other', () => {
  const told: string[] = [];
  const throttle = new Throttle(60_000, () => 0);
  for (const kind of ['a', 'b', 'a']) throttle.add(kind, 1, () => void told.push(kind));
  expect(told).toEqual(['a', 'b']);
});
