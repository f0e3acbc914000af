import { expect, test } from 'vitest';
import { bucketOf, msOf, OTHER, partsOf, percentile, stateCounter } from '../../../src/hub/analytics/counter.ts';

test('a state that has reasons is told by its reason, one that has none by itself', () => {
  expect(stateCounter('sent', 'whatever')).toBe('sent');
  expect(stateCounter('failed', 'BadDeviceToken')).toBe('failed BadDeviceToken');
  expect(partsOf('failed BadDeviceToken')).toEqual(['failed', 'BadDeviceToken']);
  expect(partsOf('sent')).toBeUndefined();
});

test('a reason that may be text of a person is no name', () => {
  for (const reason of ['mailbox of ada@example.com is full', 'ada@example.com', 'x'.repeat(65), 'ä'])
    expect(stateCounter('failed', reason)).toBe(`failed ${OTHER}`);
});

test('times are read off their buckets within 5 %', () => {
  for (const ms of [1, 7, 41, 999, 30_000, 86_400_000]) {
    expect(Math.abs(msOf(bucketOf(ms)) - ms) / ms).toBeLessThan(0.05);
  }
  expect(bucketOf(-5)).toBe(0);
});

test('a percentile is the time that so many did not exceed', () => {
  const times = new Map<number, number>();
  for (let ms = 1; ms <= 1000; ms++) times.set(bucketOf(ms), (times.get(bucketOf(ms)) ?? 0) + 1);
  for (const share of [0.5, 0.95, 0.99])
    expect(Math.abs((percentile(times, share) ?? 0) - 1000 * share) / (1000 * share)).toBeLessThan(0.08);
  expect(percentile(new Map(), 0.5)).toBeUndefined();
});
