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
      const samples = histogram.samples('');
      for (const { suffix, labels, value } of samples) {
        if (suffix !== '_bucket') continue;
        const bound = Number(/le="(.*)"/.exec(labels)?.[1]?.replace('+Inf', 'Infinity'));
        const below = observations.filter(([seconds]) => seconds <= bound);
        expect(value).toBe(below.reduce((sum, [, times]) => sum + times, 0));
      }
    }),
  );
});

test('a value on a bound belongs to its bucket', () => {
  const histogram = new Histogram([1, 2]);
  histogram.observe(1, 4);
  expect(histogram.samples('')[0]).toEqual({ suffix: '_bucket', labels: 'le="1"', value: 4 });
});
