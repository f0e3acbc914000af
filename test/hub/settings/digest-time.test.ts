import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextDigest } from '../../../src/hub/settings/digest-time.ts';
import { zonedAt } from '../../../src/kit/time/wall-time.ts';
import { zones } from './zones.ts';

const next = (at: string, zone: string, now: string): string =>
  new Date(nextDigest('daily', at, zone, Date.parse(now))).toISOString();

/** The date after, of those that there are. */
function dayAfter(wall: Temporal.PlainDateTime, zone: string): string {
  const next = wall.toPlainDate().add({ days: 1 });
  return next.toZonedDateTime(zone).toPlainDate().toString();
}

describe('a daily digest', () => {
  test('is at the same time of the clock over a change of it', () => {
    expect(next('09:00', 'Europe/Berlin', '2026-03-28T09:00:00Z')).toBe('2026-03-29T07:00:00.000Z');
    expect(next('09:00', 'Europe/Berlin', '2026-10-24T08:00:00Z')).toBe('2026-10-25T08:00:00.000Z');
    expect(next('09:00', 'Europe/Berlin', '2026-03-28T07:59:59Z')).toBe('2026-03-28T08:00:00.000Z');
  });

  test('at a time that does not exist comes after the gap, at one that exists twice the first time only', () => {
    expect(next('02:30', 'Europe/Berlin', '2026-03-28T22:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(next('02:30', 'Europe/Berlin', '2026-10-24T22:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(next('02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  test('is not made up for a date that there was not', () => {
    expect(next('09:00', 'Pacific/Apia', '2011-12-29T19:00:00Z')).toBe('2011-12-30T19:00:00.000Z');
  });

  test('comes once on each date, ten years in 20 zones', () => {
    const day = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2029, 11, 31) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), day, fc.integer({ min: 0, max: 1439 }), (zone, start, minutes) => {
        const at = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
        const first = nextDigest('daily', at, zone, start);
        const second = nextDigest('daily', at, zone, first);
        expect(first).toBeGreaterThan(start);
        expect(second).toBeGreaterThan(first);
        const [a, b] = [first, second].map((ms) => zonedAt(ms, zone).toPlainDateTime());
        // What a gap has moved may be on the date after its own.
        const moved = [a, b].some((wall) => wall?.hour !== Math.floor(minutes / 60) || wall.minute !== minutes % 60);
        if (!moved) expect(b?.toPlainDate().toString()).toBe(dayAfter(a as Temporal.PlainDateTime, zone));
      }),
      { numRuns: 600 },
    );
  });
});

test('an hourly digest is at the full hour of the clock on the wall', () => {
  const at = (zone: string, now: string): string =>
    new Date(nextDigest('hourly', '09:00', zone, Date.parse(now))).toISOString();
  expect(at('Europe/Berlin', '2026-12-01T09:59:59.999Z')).toBe('2026-12-01T10:00:00.000Z');
  expect(at('Europe/Berlin', '2026-12-01T10:00:00Z')).toBe('2026-12-01T11:00:00.000Z');
  expect(at('Asia/Kathmandu', '2026-12-01T10:00:00Z')).toBe('2026-12-01T10:15:00.000Z');
});
