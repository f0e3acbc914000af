import { expect, test } from 'vitest';
import { timeNames } from '../../../src/hub/analytics/report.ts';
import { SLOT_MS } from '../../../src/hub/analytics/slot.ts';

/** Quarters of an hour of each day between two instants. */
function quarters(zone: string, from: string, to: string, name: 'day' | 'hour' = 'day'): Record<string, number> {
  const nameOf = timeNames(zone);
  const counts: Record<string, number> = {};
  for (let slot = Date.parse(from); slot < Date.parse(to); slot += SLOT_MS) {
    const day = nameOf(name, slot);
    counts[day] = (counts[day] ?? 0) + 1;
  }
  return counts;
}

test('days have 23 and 25 hours where the clock is changed', () => {
  expect(quarters('Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-30T22:00:00Z')).toEqual({
    '2026-03-29': 92,
    '2026-03-30': 96,
  });
  expect(quarters('Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-26T23:00:00Z')).toEqual({
    '2026-10-25': 100,
    '2026-10-26': 96,
  });
  expect(quarters('Australia/Lord_Howe', '2026-04-04T13:00:00Z', '2026-04-05T13:30:00Z')).toEqual({ '2026-04-05': 98 });
});

test('days begin at midnight in zones that are quarters of an hour off', () => {
  expect(quarters('Asia/Kathmandu', '2026-12-01T18:15:00Z', '2026-12-02T18:15:00Z')).toEqual({ '2026-12-02': 96 });
  expect(quarters('Asia/Kolkata', '2026-12-01T18:15:00Z', '2026-12-01T18:45:00Z')).toEqual({
    '2026-12-01': 1,
    '2026-12-02': 1,
  });
});

test('an hour is one of the clock on the wall, and the one that comes twice is two', () => {
  expect(quarters('Asia/Kathmandu', '2026-12-01T18:15:00Z', '2026-12-01T20:15:00Z', 'hour')).toEqual({
    '2026-12-01T18:15:00Z': 4,
    '2026-12-01T19:15:00Z': 4,
  });
  expect(quarters('Europe/Berlin', '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z', 'hour')).toEqual({
    '2026-10-25T00:00:00Z': 4,
    '2026-10-25T01:00:00Z': 4,
  });
});
