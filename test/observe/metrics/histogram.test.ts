import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram, LATENCY_BOUNDS } from '../../../src/observe/metrics/histogram.ts';

test('the buckets reach from a millisecond to a minute, in order', () => {
  expect(LATENCY_BOUNDS[0]).toBe(0.001);
  expect(LATENCY_BOUNDS.at(-1)).toBe(60);
  expect(LATENCY_BOUNDS).toEqual([...LATENCY_BOUNDS].sort((a, b) => a - b));
});

test('each bucket holds what is not above its bound, whatever is observed', () => {
  const observation = fc.tuple(fc.double({ min: 0, max: 100, noNaN: true }), fc.integer({ min: 1, max: 1000 }));
  fc.assert(
    fc.property(fc.array(observation), (observations) => {
      const histogram = new Histogram();
      for (const [seconds, times] of observations) histogram.observe(seconds, times);
      for (const [bucket, count] of histogram.sample({}).counts.entries()) {
        const bound = histogram.bounds[bucket] ?? Number.POSITIVE_INFINITY;
        const below = observations.filter(([seconds]) => seconds <= bound);
        expect(count).toBe(below.reduce((sum, [, times]) => sum + times, 0));
      }
    }),
  );
});

test('a value on a bound belongs to its bucket', () => {
  const histogram = new Histogram([1, 2]);
  histogram.observe(1, 4);
  expect(histogram.sample({}).counts).toEqual([4, 4, 4]);
});
