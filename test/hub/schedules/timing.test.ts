import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronFault, lastTime, nextTime, nextTimes, type ScheduleTiming } from '../../../src/hub/schedules/timing.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 19);
const of = (more: Partial<ScheduleTiming>): ScheduleTiming => ({ timezone: 'UTC', anchor: 0, ...more });
const times = (timing: ScheduleTiming, from: string, count: number) => {
  const first = nextTime(timing, at(from));
  return first === undefined ? [] : nextTimes(timing, first, count).map((ms) => iso(ms)?.slice(5, 16));
};

describe('times of cron patterns', () => {
  test('are those of the clock on the wall through both changes', () => {
    const berlin = of({ cron: '0 9 * * *', timezone: 'Europe/Berlin' });
    expect(times(berlin, '2027-03-27T00:00:00Z', 3)).toEqual(['03-27T08:00', '03-28T07:00', '03-29T07:00']);
    expect(times(berlin, '2027-10-30T00:00:00Z', 3)).toEqual(['10-30T07:00', '10-31T08:00', '11-01T08:00']);
  });

  test('that are not there come right after the gap, once', () => {
    const night = of({ cron: '30 2 * * *', timezone: 'Europe/Berlin' });
    expect(times(night, '2027-03-27T12:00:00Z', 2)).toEqual(['03-28T01:00', '03-29T00:30']);
    const often = of({ cron: '*/15 * * * *', timezone: 'Europe/Berlin' });
    expect(times(often, '2027-03-28T00:44:00Z', 3)).toEqual(['03-28T00:45', '03-28T01:00', '03-28T01:15']);
    // Half an hour is left out on Lord Howe.
    expect(times(of({ cron: '15 2 * * *', timezone: 'Australia/Lord_Howe' }), '2026-10-03T12:00:00Z', 2)).toEqual([
      '10-03T15:30',
      '10-04T15:15',
    ]);
  });

  test('that are there twice come with the first', () => {
    const night = of({ cron: '30 2 * * *', timezone: 'Europe/Berlin' });
    expect(times(night, '2027-10-30T12:00:00Z', 2)).toEqual(['10-31T00:30', '11-01T01:30']);
    expect(times(of({ cron: '0 * * * *', timezone: 'America/New_York' }), '2026-11-01T04:30:00Z', 3)).toEqual([
      '11-01T05:00',
      '11-01T07:00',
      '11-01T08:00',
    ]);
  });

  test('may have seconds', () => {
    expect(iso(nextTime(of({ cron: '30 0 9 * * *' }), at('2026-12-01T09:00:00Z')))).toBe('2026-12-01T09:00:30');
    expect(iso(nextTime(of({ cron: '* * * * * *' }), at('2026-12-01T09:00:00.500Z')))).toBe('2026-12-01T09:00:01');
  });

  test.each([
    ['0 9 * *', 'five fields'],
    ['0 0 0 9 * * *', 'five fields'],
    ['61 9 * * *', 'cron pattern'],
    ['@daily', 'five fields'],
    ['0 0 30 2 *', 'never'],
    ['0 9 * * 1-5', undefined],
    ['*/10 * * * * *', undefined],
    ['0 9 L * MON#1', undefined],
  ])('%s', (pattern, fault) => {
    if (fault === undefined) expect(cronFault(pattern)).toBeUndefined();
    else expect(cronFault(pattern)).toMatch(fault === 'never' ? /no time that ever comes/ : fault);
  });

  test('are none twice and none left out, in the years of six zones', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Cairo',
      'America/Santiago',
      'Pacific/Apia',
    ];
    for (const timezone of zones) {
      const timing = of({ cron: '30 0,2,3 * * *', timezone });
      const locals = new Set<string>();
      let now = at('2011-01-01T00:00:00Z');
      let count = 0;
      while (now < at('2012-01-01T00:00:00Z')) {
        const next = nextTime(timing, now) as number;
        expect(next).toBeGreaterThan(now);
        locals.add(
          Temporal.Instant.fromEpochMilliseconds(next).toZonedDateTimeISO(timezone).toPlainDateTime().toString(),
        );
        count++;
        now = next;
      }
      expect(locals.size).toBe(count);
      // Three a day; two of them may fall together behind a gap, and Apia had a day less.
      expect(count).toBeGreaterThan(365 * 3 - 6);
      expect(count).toBeLessThanOrEqual(365 * 3 + 3);
    }
  });

  test('the last one up to now is that after which the next one comes', () => {
    const zone = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC', 'Africa/Cairo');
    const cron = fc.constantFrom('*/20 * * * *', '30 2 * * *', '0 9 * * 1-5', '15 1,2,3 * * *', '*/7 * 1-3 * * *');
    const moment = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') });
    fc.assert(
      fc.property(zone, cron, moment, (timezone, pattern, now) => {
        const timing = of({ cron: pattern, timezone });
        const next = nextTime(timing, now) as number;
        expect(lastTime(timing, next)).toBe(next);
        const last = lastTime(timing, now);
        expect(last).toBeLessThanOrEqual(now);
        expect(nextTime(timing, last as number)).toBe(next);
      }),
      { numRuns: 500, seed: 17 },
    );
  });
});

test('every so long counts from when it was said, whatever the clock does', () => {
  const timing = of({ every: 5400, anchor: at('2027-03-28T00:00:00Z'), timezone: 'Europe/Berlin' });
  expect(times(timing, '2027-03-28T00:00:00Z', 3)).toEqual(['03-28T01:30', '03-28T03:00', '03-28T04:30']);
  expect(times(timing, '2027-03-28T01:30:00Z', 1)).toEqual(['03-28T03:00']);
  expect(times(timing, '2027-03-01T00:00:00Z', 1)).toEqual(['03-28T01:30']);
  expect(lastTime(timing, timing.anchor)).toBeUndefined();
  expect(iso(lastTime(timing, at('2027-03-28T03:10:00Z')))).toBe('2027-03-28T03:00:00');
});

test('one moment is there once', () => {
  const timing = of({ at: '2026-12-01T09:00:00.000Z' });
  expect(iso(nextTime(timing, at('2026-12-01T08:59:59Z')))).toBe('2026-12-01T09:00:00');
  expect(nextTime(timing, at('2026-12-01T09:00:00Z'))).toBeUndefined();
  expect(lastTime(timing, at('2026-12-01T08:59:59Z'))).toBeUndefined();
  expect(iso(lastTime(timing, at('2027-12-01T00:00:00Z')))).toBe('2026-12-01T09:00:00');
});
