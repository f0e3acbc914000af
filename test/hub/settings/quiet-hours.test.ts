import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EffectiveQuietHours, quietHoursAt } from '../../../src/hub/settings/quiet-hours.ts';
import { type Day, days, type QuietWindow } from '../../../src/hub/settings/quiet-hours-doc.ts';
import { zonedAt } from '../../../src/kit/time/wall-time.ts';
import { transitionsOf, zones } from './zones.ts';

const quiet = (...windows: QuietWindow[]): EffectiveQuietHours => ({ windows, then: 'hold', allow: ['critical'] });
const night = quiet({ from: '22:00', until: '08:00' });

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z');
const untilAt = (hours: EffectiveQuietHours, zone: string, at: string) =>
  iso(quietHoursAt(hours, zone, Date.parse(at)).until);

describe('quiet hours', () => {
  test.each([
    // A night in Berlin: the start is quiet, the end is not.
    ['Europe/Berlin', '2026-12-01T20:59:59Z', undefined],
    ['Europe/Berlin', '2026-12-01T21:00:00Z', '2026-12-02T07:00:00Z'],
    ['Europe/Berlin', '2026-12-02T06:59:59Z', '2026-12-02T07:00:00Z'],
    ['Europe/Berlin', '2026-12-02T07:00:00Z', undefined],
    // The same clock in summer is an hour earlier in UTC.
    ['Europe/Berlin', '2026-07-01T20:00:00Z', '2026-07-02T06:00:00Z'],
    // Nights in which the clock changes: 9 and 11 hours.
    ['Europe/Berlin', '2026-03-28T21:00:00Z', '2026-03-29T06:00:00Z'],
    ['Europe/Berlin', '2026-10-24T20:00:00Z', '2026-10-25T07:00:00Z'],
    ['America/New_York', '2026-03-08T03:00:00Z', '2026-03-08T12:00:00Z'],
    ['America/New_York', '2026-11-01T02:00:00Z', '2026-11-01T13:00:00Z'],
    // Half an hour on Lord Howe.
    ['Australia/Lord_Howe', '2026-10-03T11:30:00Z', '2026-10-03T21:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T11:00:00Z', '2026-04-04T21:30:00Z'],
    // Apia without 30 December: the night of the 29th ends with the day, and the missing night goes on into the 31st.
    ['Pacific/Apia', '2011-12-30T08:00:00Z', '2011-12-30T18:00:00Z'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-30T18:00:00Z'],
    ['Pacific/Apia', '2011-12-30T18:00:00Z', undefined],
    // Apia's last summer time.
    ['Pacific/Apia', '2020-09-26T09:00:00Z', '2020-09-26T18:00:00Z'],
    ['Pacific/Apia', '2021-04-03T08:00:00Z', '2021-04-03T19:00:00Z'],
  ])('22:00 to 08:00 in %s at %s: until %s', (zone, at, until) => {
    expect(untilAt(night, zone, at)).toBe(until);
  });

  test.each([
    // An end at 02:30 exists twice: the last counts. In spring it does not exist: quiet ends with the gap.
    [{ from: '22:00', until: '02:30' }, 'Europe/Berlin', '2026-10-25T00:45:00Z', '2026-10-25T01:30:00Z'],
    [{ from: '22:00', until: '02:30' }, 'Europe/Berlin', '2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z'],
    // A start at 02:30 exists twice: the first counts. In spring quiet begins after the gap.
    [{ from: '02:30', until: '09:00' }, 'Europe/Berlin', '2026-10-25T00:29:00Z', undefined],
    [{ from: '02:30', until: '09:00' }, 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T08:00:00Z'],
    [{ from: '02:30', until: '09:00' }, 'Europe/Berlin', '2026-03-29T00:59:00Z', undefined],
    [{ from: '02:30', until: '09:00' }, 'Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29T07:00:00Z'],
    // All of it in the gap: there is no such time that night.
    [{ from: '02:15', until: '02:45' }, 'Europe/Berlin', '2026-03-29T01:00:00Z', undefined],
    // All of it twice: from the first start to the last end.
    [{ from: '02:15', until: '02:45' }, 'Europe/Berlin', '2026-10-25T00:50:00Z', '2026-10-25T01:45:00Z'],
    [{ from: '01:40', until: '01:50' }, 'Australia/Lord_Howe', '2026-04-04T14:55:00Z', '2026-04-04T15:20:00Z'],
    [{ from: '01:15', until: '01:45' }, 'America/New_York', '2026-11-01T05:50:00Z', '2026-11-01T06:45:00Z'],
  ])('%j in %s at %s: until %s', (window, zone, at, until) => {
    expect(untilAt(quiet(window), zone, at)).toBe(until);
  });

  test('over midnight belongs to the day on which it starts', () => {
    const fridays = quiet({ days: ['fri'], from: '22:00', until: '06:00' });
    expect(untilAt(fridays, 'UTC', '2026-12-04T23:00:00Z')).toBe('2026-12-05T06:00:00Z');
    expect(untilAt(fridays, 'UTC', '2026-12-05T05:00:00Z')).toBe('2026-12-05T06:00:00Z');
    expect(untilAt(fridays, 'UTC', '2026-12-04T05:00:00Z')).toBeUndefined();
    expect(untilAt(fridays, 'UTC', '2026-12-05T23:00:00Z')).toBeUndefined();
  });

  test('windows that touch or overlap are one time of quiet', () => {
    const weekend = quiet(
      { days: ['fri'], from: '18:00', until: '24:00' },
      { days: ['sat', 'sun'], from: '00:00', until: '24:00' },
      { days: ['sun'], from: '22:00', until: '07:00' },
    );
    expect(untilAt(weekend, 'UTC', '2026-12-04T18:00:00Z')).toBe('2026-12-07T07:00:00Z');
    expect(untilAt(weekend, 'UTC', '2026-12-04T17:59:00Z')).toBeUndefined();
  });

  test('a whole week is asked again after two, and no window is never quiet', () => {
    const at = Date.parse('2026-12-01T12:00:00Z');
    const always = quietHoursAt(quiet({ from: '00:00', until: '24:00' }), 'Europe/Berlin', at);
    expect(always.until).toBeGreaterThan(at + 14 * 86_400_000);
    expect(always.until).toBeLessThan(at + 16 * 86_400_000);
    expect(quietHoursAt(quiet(), 'Europe/Berlin', at)).toEqual({ inside: false, then: 'hold', allow: ['critical'] });
  });

  test('a clock that is put back over midnight has begun the next day before', () => {
    // St. John's went from 00:01 on 2 November 2008 back to 23:01 on the 1st.
    const sundays = quiet({ days: ['sun'], from: '00:00', until: '01:00' });
    expect(untilAt(sundays, 'America/St_Johns', '2008-11-02T02:30:30Z')).toBe('2008-11-02T04:30:00Z');
    expect(untilAt(sundays, 'America/St_Johns', '2008-11-02T02:45:00Z')).toBe('2008-11-02T04:30:00Z');
  });
});

const minuteOfDay = fc.integer({ min: 0, max: 1439 });
const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** An instant of ten years in one of the zones, often near a change of the clock. */
const changesOf = new Map(zones.map((zone) => [zone, transitionsOf(zone, 2020, 2030)]));

const momentWithin = (reach: number) =>
  fc.constantFrom(...zones).chain((zone) => {
    const changes = changesOf.get(zone) ?? [];
    const near =
      changes.length === 0 ? [] : [fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -reach, max: reach }))];
    const anywhere = fc.tuple(
      fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2029, 11, 31) }).map((ms) => ms - (ms % 60_000)),
      fc.constant(0),
    );
    return fc.record({
      zone: fc.constant(zone),
      at: fc.oneof(anywhere, ...near, ...near).map(([start, minutes]) => start + minutes * 60_000),
    });
  });

const wallOf = (at: number, zone: string): { day: Day; minutes: number; twice: boolean } => {
  // Intl is another implementation of the same database.
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  const wall = zonedAt(at, zone).toPlainDateTime();
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    wall.toZonedDateTime(zone, { disambiguation }),
  );
  return {
    day: part('weekday').toLowerCase() as Day,
    minutes: Number(part('hour')) * 60 + Number(part('minute')),
    twice: earlier?.epochMilliseconds !== later?.epochMilliseconds,
  };
};

const before = (day: Day): Day => days[(days.indexOf(day) + 6) % 7] as Day;

/** What a person with a clock on the wall would say. */
function quietByTheClock(window: QuietWindow, wall: ReturnType<typeof wallOf>): boolean {
  const on = (day: Day): boolean => window.days === undefined || window.days.includes(day);
  const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  const [from, until] = [minutes(window.from), minutes(window.until)];
  if (until > from) return on(wall.day) && wall.minutes >= from && wall.minutes < until;
  return (on(wall.day) && wall.minutes >= from) || (on(before(wall.day)) && wall.minutes < until);
}

const someWindow = fc
  .tuple(minuteOfDay, minuteOfDay, fc.option(fc.uniqueArray(fc.constantFrom(...days), { minLength: 1 })))
  .filter(([from, until]) => from !== until)
  .map(([from, until, on]): QuietWindow => ({ ...(on ? { days: on } : {}), from: clock(from), until: clock(until) }));

const moment = momentWithin(180);

describe('over ten years in 20 zones', () => {
  test('quiet is what the clock on the wall says; where a wall time exists twice, at least that', () => {
    fc.assert(
      fc.property(moment, someWindow, ({ zone, at }, window) => {
        const { inside } = quietHoursAt(quiet(window), zone, at);
        const wall = wallOf(at, zone);
        if (wall.twice) return inside || !quietByTheClock(window, wall);
        return inside === quietByTheClock(window, wall);
      }),
      { numRuns: 900 },
    );
  });

  test('and some days before and after a change of the clock, too', () => {
    fc.assert(
      fc.property(momentWithin(3 * 1440), someWindow, ({ zone, at }, window) => {
        const wall = wallOf(at, zone);
        return wall.twice || quietHoursAt(quiet(window), zone, at).inside === quietByTheClock(window, wall);
      }),
      { numRuns: 600 },
    );
  });

  test('a day that is divided into windows has no instant uncovered, and none doubled but where a wall time exists twice', () => {
    const division = fc.uniqueArray(minuteOfDay, { minLength: 2, maxLength: 5 }).map((ends) => {
      const sorted = ends.sort((a, b) => a - b).map(clock);
      return sorted.map((from, i): QuietWindow => ({ from, until: sorted[(i + 1) % sorted.length] as string }));
    });
    fc.assert(
      fc.property(moment, division, ({ zone, at }, windows) => {
        const holding = windows.filter((window) => quietHoursAt(quiet(window), zone, at).inside).length;
        return wallOf(at, zone).twice ? holding >= 1 : holding === 1;
      }),
      { numRuns: 400 },
    );
  });

  test('it lasts until the end that is named, without a pause, and not a moment longer', () => {
    fc.assert(
      fc.property(
        moment,
        fc.array(someWindow, { minLength: 1, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ zone, at }, windows, part) => {
          const { until } = quietHoursAt(quiet(...windows), zone, at);
          if (until === undefined || until - at > 14 * 86_400_000) return true;
          const between = at + Math.floor((until - 1 - at) * part);
          return (
            until > at &&
            quietHoursAt(quiet(...windows), zone, between).until === until &&
            !quietHoursAt(quiet(...windows), zone, until).inside
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test('windows that follow each other for ever are each looked at once a date, near a change of the clock as well', () => {
    const at = Date.UTC(2026, 9, 20);
    let looked = 0;
    const windows = Array.from({ length: 48 }, (_, index): QuietWindow => {
      const [from, until] = [index, index + 1].map(
        (half) => `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`,
      ) as [string, string];
      return {
        get from() {
          looked++;
          return from;
        },
        until,
      };
    });
    const { until } = quietHoursAt(quiet(...windows), 'Europe/Berlin', at);
    expect(until).toBeGreaterThan(at + 14 * 86_400_000);
    expect(looked).toBeLessThanOrEqual(18 * windows.length);
  });
});
