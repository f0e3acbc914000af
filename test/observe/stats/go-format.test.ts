import { expect, test } from 'vitest';
import { goDuration, goTime } from '../../../src/observe/stats/go-format.ts';

test.each([
  [0, '0s'],
  [0.0000005, '1ns'],
  [0.0015, '1.5µs'],
  [1.5, '1.5ms'],
  [1500, '1.5s'],
  [60_000, '1m0s'],
  [61_250, '1m1.25s'],
  [3_600_000, '1h0m0s'],
  [90_061_001, '25h1m1.001s'],
])('%d ms is %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});

test('a time is written in UTC without trailing zeroes', () => {
  expect(goTime(Date.UTC(2026, 0, 2, 15, 4, 5, 670))).toBe('2026-01-02 15:04:05.67 +0000 UTC');
  expect(goTime(Date.UTC(2026, 0, 2, 15, 4, 0, 0))).toBe('2026-01-02 15:04:00 +0000 UTC');
});
