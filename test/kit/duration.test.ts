import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration } from '../../src/kit/duration.ts';

test.each([
  [5, 5000],
  [0, 0],
  [0.25, 250],
  ['5', 5000],
  ['1.5', 1500],
  ['5s', 5000],
  ['500ms', 500],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['1d2h3m4s5ms', 93_784_005],
  ['0s', 0],
])('%j is a duration of %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  '',
  ' ',
  's',
  '-5s',
  '5 s',
  '5S',
  '30m1h',
  '1h1h',
  '1e3s',
  '.5s',
  '5.s',
  '1w',
  '9999999d',
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  null,
  true,
  ['5s'],
  {},
])('%j is no duration', (value) => {
  expect(parseDuration(value)).toBeUndefined();
});

test('a text of the units says the sum of its parts', () => {
  const part = fc.nat({ max: 500 });
  fc.assert(
    fc.property(part, part, part, part, part, (d, h, m, s, ms) => {
      const sum = (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms;
      expect(parseDuration(`${d}d${h}h${m}m${s}s${ms}ms`)).toBe(sum);
    }),
  );
});
