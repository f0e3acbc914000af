import { expect, test } from 'vitest';
import { playYear } from './year/play-year.ts';

// 50 people in 12 zones, with quiet hours, tasks, incidents and schedules; two instances. A seed that fails is played again by its number.
test.each([1])(
  'in a year each notice comes once, at its time, and none at a time that is ruled out (seed %i)',
  async (seed) => {
    const { got, ...broken } = await playYear(seed, Date.parse('2026-12-31T23:00:00Z'), 366);
    expect(broken).toEqual({ missing: [], surplus: [], forbidden: [] });
    expect(got).toBeGreaterThan(2000);
  },
);
