import { expect, test } from 'vitest';
import { SessionGrowth } from '../../src/http2/session-growth.ts';

const observe = (growth: SessionGrowth, roundTripMs: number, times = 50) => {
  for (let i = 0; i < times; i++) growth.observe(roundTripMs);
};

test('no further session before the present ones have answered', () => {
  const growth = new SessionGrowth();
  expect(growth.allows(1000)).toBe(false);
  observe(growth, 50, 7);
  expect(growth.allows(1000)).toBe(false);
  observe(growth, 50, 1);
  expect(growth.allows(1000)).toBe(true);
});

test('after each new session, its effect is awaited', () => {
  const growth = new SessionGrowth();
  observe(growth, 100);
  growth.opened(1000);
  expect(growth.allows(1500)).toBe(false);
  observe(growth, 100);
  expect([growth.allows(1399), growth.allows(1400)]).toEqual([false, true]);
});

test('none while answers are slower than they were, again when they recover', () => {
  const growth = new SessionGrowth();
  observe(growth, 20);
  growth.opened(0);
  observe(growth, 60);
  expect(growth.allows(10_000)).toBe(false);
  observe(growth, 21);
  expect(growth.allows(10_000)).toBe(true);
});

test('a provider that has become slower for good is not held to its best day for ever', () => {
  const growth = new SessionGrowth();
  observe(growth, 20);
  observe(growth, 80, 5000);
  expect(growth.allows(10_000)).toBe(true);
});
