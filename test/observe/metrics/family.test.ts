import { expect, test } from 'vitest';
import { type Family, type Merge, mergeFamilies } from '../../../src/observe/metrics/family.ts';
import { Histogram } from '../../../src/observe/metrics/histogram.ts';

const family = (value: number, merge: Merge = 'sum', labels = ''): Family => ({
  name: 'a',
  type: 'gauge',
  help: '',
  merge,
  samples: [{ suffix: '', labels, value }],
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
  const [merged] = mergeFamilies([[family(1, 'sum', 'x="1"')], [family(2, 'sum', 'x="2"')]]);
  expect(merged?.samples.map(({ value }) => value)).toEqual([1, 2]);
});

test('histograms add up bucket by bucket, and the youngest exemplar stays', () => {
  const histogram = (seconds: number, times: number, at: number): Family => {
    const counts = new Histogram([1, 2]);
    counts.remember(counts.observe(seconds, times), { traceId: `t${at}`, value: seconds, at });
    return { name: 'h', type: 'histogram', help: '', merge: 'sum', samples: counts.samples('x="1"') };
  };
  const travelled = JSON.parse(JSON.stringify([histogram(1.5, 2, 20)])) as Family[];
  const [merged] = mergeFamilies([travelled, [histogram(1.5, 3, 10)], [histogram(9, 1, 30)]]);
  expect(merged?.samples).toEqual([
    { suffix: '_bucket', labels: 'x="1",le="1"', value: 0 },
    { suffix: '_bucket', labels: 'x="1",le="2"', value: 5, exemplar: { traceId: 't20', value: 1.5, at: 20 } },
    { suffix: '_bucket', labels: 'x="1",le="+Inf"', value: 6, exemplar: { traceId: 't30', value: 9, at: 30 } },
    { suffix: '_sum', labels: 'x="1"', value: 16.5 },
    { suffix: '_count', labels: 'x="1"', value: 6 },
  ]);
});
