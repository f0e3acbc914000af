import { expect, test } from 'vitest';
import {
  type Family,
  type HistogramFamily,
  type Labels,
  type Merge,
  mergeFamilies,
} from '../../../src/observe/metrics/family.ts';
import { Histogram } from '../../../src/observe/metrics/histogram.ts';

const family = (value: number, merge: Merge = 'sum', labels: Labels = {}): Family => ({
  name: 'a',
  type: 'gauge',
  help: '',
  merge,
  samples: [{ labels, value }],
});

test.each([
  ['sum', 6],
  ['min', 1],
  ['max', 3],
  ['first', 2],
] as const)('the values of several processes make one: %s', (merge, value) => {
  const merged = mergeFamilies([[family(2, merge)], [], [family(1, merge)], [family(3, merge)]]);
  expect(merged).toEqual([family(value, merge)]);
});

test('different labels stay apart', () => {
  const [merged] = mergeFamilies([[family(1, 'sum', { x: '1' })], [family(2, 'sum', { x: '2' })]]);
  expect(merged).toMatchObject({ samples: [{ value: 1 }, { value: 2 }] });
});

test('histograms add up bucket by bucket, and the youngest exemplar stays', () => {
  const histogram = (seconds: number, times: number, at: number): HistogramFamily => {
    const counts = new Histogram([1, 2]);
    counts.remember(counts.observe(seconds, times), { traceId: `t${at}`, value: seconds, at });
    return {
      name: 'h',
      type: 'histogram',
      help: '',
      merge: 'sum',
      bounds: [1, 2],
      samples: [counts.sample({ x: '1' })],
    };
  };
  const travelled = JSON.parse(JSON.stringify([histogram(1.5, 2, 20)])) as Family[];
  const [merged] = mergeFamilies([travelled, [histogram(1.5, 3, 10)], [histogram(9, 1, 30)]]);
  expect(merged?.samples).toEqual([
    {
      labels: { x: '1' },
      counts: [0, 5, 6],
      sum: 16.5,
      exemplars: { 1: { traceId: 't20', value: 1.5, at: 20 }, 2: { traceId: 't30', value: 9, at: 30 } },
    },
  ]);
});
