import { expect, test } from 'vitest';
import { SessionGrowth } from '../../src/http2/session-growth.ts';

const observe = (growth: SessionGrowth, roundTripMs: number, times = 50) => {
  for (let i = 0; i < times; i++) growth.observe(roundTripMs);
};
/** Whether it allows a session after all were full for so long. */
const after = (growth: SessionGrowth, ms: number) => {
  growth.relieved();
  growth.allows(0);
  return growth.allows(ms);
};

test('no further session before the present ones have answered', () => {
  const growth = new SessionGrowth();
  expect(after(growth, 10_000)).toBe(false);
  observe(growth, 50, 7);
  expect(after(growth, 10_000)).toBe(false);
  observe(growth, 50, 1);
  expect(after(growth, 10_000)).toBe(true);
});

test('all must have been full for a while, without a break', () => {
  const growth = new SessionGrowth();
  observe(growth, 50);
  expect([growth.allows(1000), growth.allows(1199), growth.allows(1200)]).toEqual([false, false, true]);
  growth.relieved();
  expect([growth.allows(1300), growth.allows(1499), growth.allows(1500)]).toEqual([false, false, true]);
});

test('after each new session, its effect is awaited', () => {
  const growth = new SessionGrowth();
  observe(growth, 10);
  expect(after(growth, 100)).toBe(true);
  growth.opened();
  expect(growth.allows(200)).toBe(false);
  observe(growth, 10);
  expect([growth.allows(299), growth.allows(300)]).toEqual([false, true]);
});

test('none while answers are slower than they were, again when they recover', () => {
  const growth = new SessionGrowth();
  observe(growth, 20);
  observe(growth, 60);
  expect(after(growth, 10_000)).toBe(false);
  observe(growth, 21);
  expect(after(growth, 10_000)).toBe(true);
});

test('a provider that has become slower for good is not held to its best day for ever', () => {
  const growth = new SessionGrowth();
  observe(growth, 20);
  observe(growth, 80, 5000);
  expect(after(growth, 10_000)).toBe(true);
});
