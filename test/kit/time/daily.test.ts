import { describe, expect, test } from 'vitest';
import { dailyOn, nextDaily } from '../../../src/kit/time/daily.ts';

const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

describe('a time of each date', () => {
  test.each([
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Pacific/Apia',
    'Africa/Cairo',
  ])('is once on each date of twelve years in %s', (zone) => {
    for (const minutes of [0, 150, 540, 1439]) {
      let now = Date.parse('2009-12-31T00:00:00Z');
      const end = Date.parse('2022-01-01T00:00:00Z');
      let before = '';
      while (now < end) {
        const next = nextDaily(minutes, zone, now);
        const there = Temporal.Instant.fromEpochMilliseconds(next).toZonedDateTimeISO(zone);
        const date = there.toPlainDate();
        expect(next).toBeGreaterThan(now);
        // A date that there was not is left out, and no other.
        if (before !== '' && !(zone === 'Pacific/Apia' && date.toString() === '2011-12-31'))
          expect(Temporal.PlainDate.from(before).until(date).days).toBe(1);
        before = date.toString();
        expect(dailyOn(date, minutes, zone)).toBe(next);
        now = next;
      }
    }
  });

  test('is the first instant after a gap, and the first of two', () => {
    expect(iso(nextDaily(150, 'Europe/Berlin', Date.parse('2027-03-28T00:00:00Z')))).toBe('2027-03-28T01:00');
    expect(iso(nextDaily(150, 'Europe/Berlin', Date.parse('2027-10-30T22:00:00Z')))).toBe('2027-10-31T00:30');
    expect(nextDaily(150, 'Europe/Berlin', Date.parse('2027-10-31T00:30:00Z'))).toBe(
      Date.parse('2027-11-01T00:30:00Z') + HOUR,
    );
  });
});
