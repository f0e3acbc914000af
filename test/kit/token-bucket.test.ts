import fc from 'fast-check';
import { expect, test } from 'vitest';
import { strictRate } from '../../src/kit/token-bucket.ts';

/** Drives a limiter for some seconds with a hungry caller that looks at given intervals; returns the times of the permits. */
function drive(rate: number, looks: readonly number[]): number[] {
  let now = 0;
  const limiter = strictRate(rate, () => now);
  const times: number[] = [];
  for (const pause of looks) {
    now += pause;
    const count = limiter.available();
    limiter.take(count);
    for (let i = 0; i < count; i++) times.push(now);
  }
  return times;
}

const mostInOneSecond = (times: readonly number[]): number => {
  let most = 0;
  let from = 0;
  times.forEach((time, i) => {
    while ((times[from] as number) <= time - 1000) from++;
    most = Math.max(most, i - from + 1);
  });
  return most;
};

test('no window of a second holds more than the rate, whenever the caller looks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20_000 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 50, maxLength: 300 }),
      (rate, looks) => {
        expect(mostInOneSecond(drive(rate, looks))).toBeLessThanOrEqual(rate);
      },
    ),
    { numRuns: 100 },
  );
});

test.each([1, 3, 10, 100, 5000])('a rate of %i is nearly used up by a caller that looks every millisecond', (rate) => {
  const times = drive(rate, new Array(10_000).fill(1));
  expect(times.length).toBeGreaterThan(rate * 10 * 0.9);
  expect(times.length).toBeLessThanOrEqual(rate * 10 + 1);
});

test('tells how long to wait for the next permit', () => {
  let now = 0;
  const limiter = strictRate(1, () => now);
  limiter.take(limiter.available());
  expect(limiter.waitMs()).toBe(1000);
  now = 1000;
  expect(limiter.available()).toBe(1);
});
