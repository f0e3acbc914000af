import { describe, expect, test } from 'vitest';
import { instantOf, minutesOf, wallTime, zonedAt, zoneName } from '../../../src/kit/time/wall-time.ts';
import { settledHeap } from '../../support/settled-heap.ts';

const at = (text: string, zone: string, twice: 'first' | 'last'): string =>
  new Date(instantOf(Temporal.PlainDateTime.from(text), zone, twice)).toISOString().replace('.000Z', 'Z');

describe('the instant of a wall time', () => {
  test.each([
    // Berlin: 02:00 → 03:00 on 29 March 2026, 03:00 → 02:00 on 25 October 2026.
    ['Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59:00Z', '2026-03-29T00:59:00Z'],
    ['Europe/Berlin', '2026-03-29T02:00', '2026-03-29T01:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-03-29T02:59', '2026-03-29T01:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00Z', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25T01:59', '2026-10-24T23:59:00Z', '2026-10-24T23:59:00Z'],
    ['Europe/Berlin', '2026-10-25T02:30', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'],
    ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00:00Z', '2026-10-25T02:00:00Z'],
    // New York: 8 March and 1 November 2026.
    ['America/New_York', '2026-03-08T02:30', '2026-03-08T07:00:00Z', '2026-03-08T07:00:00Z'],
    ['America/New_York', '2026-11-01T01:30', '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'],
    // Lord Howe moves by half an hour: 4 October and 5 April 2026.
    ['Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:30:00Z', '2026-10-03T15:30:00Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:15', '2026-04-04T14:15:00Z', '2026-04-04T14:15:00Z'],
    // Apia went over the date line: there was no 30 December 2011.
    ['Pacific/Apia', '2011-12-29T23:59', '2011-12-30T09:59:00Z', '2011-12-30T09:59:00Z'],
    ['Pacific/Apia', '2011-12-30T12:00', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00Z'],
    ['Pacific/Apia', '2011-12-31T00:00', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00Z'],
    // Apia's last summer time: 4 April 2021 at 04:00, and 27 September 2020 at 03:00.
    ['Pacific/Apia', '2021-04-04T03:30', '2021-04-03T13:30:00Z', '2021-04-03T14:30:00Z'],
    ['Pacific/Apia', '2020-09-27T03:30', '2020-09-26T14:00:00Z', '2020-09-26T14:00:00Z'],
  ])('%s: %s is %s, or %s the second time', (zone, wall, first, last) => {
    expect(at(wall, zone, 'first')).toBe(first);
    expect(at(wall, zone, 'last')).toBe(last);
  });

  test('a day is as long as it is there', () => {
    const midnight = (date: string, zone: string) =>
      instantOf(wallTime(Temporal.PlainDate.from(date), 0), zone, 'first');
    const hours = (from: string, to: string, zone: string) => (midnight(to, zone) - midnight(from, zone)) / 3_600_000;
    expect(hours('2026-03-29', '2026-03-30', 'Europe/Berlin')).toBe(23);
    expect(hours('2026-10-25', '2026-10-26', 'Europe/Berlin')).toBe(25);
    expect(hours('2026-04-05', '2026-04-06', 'Australia/Lord_Howe')).toBe(24.5);
    expect(hours('2011-12-30', '2011-12-31', 'Pacific/Apia')).toBe(0);
  });
});

describe('the name of a zone', () => {
  test.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
  ])('%s is %s', (text, name) => {
    expect(zoneName(text)).toBe(name);
    expect(zoneName(text)).toBe(name);
    expect(zonedAt(0, name).timeZoneId).toBe(name);
  });

  test.each(['', 'Mars/Olympus', '+02:00', '-05:00', 'Z', 'x'.repeat(100), 'Europe/Berlin '])('%j is none', (text) => {
    expect(zoneName(text)).toBeUndefined();
  });

  test('what callers write in the place of a zone is not kept, however long it is', () => {
    const before = settledHeap();
    for (let each = 0; each < 40; each++) expect(zoneName(`${each}${'x'.repeat(1_000_000)}`)).toBeUndefined();
    expect(settledHeap() - before).toBeLessThan(4_000_000);
  });
});

describe('a time of day', () => {
  test('has hours and minutes, and 24:00 only where a day ends', () => {
    expect(minutesOf('00:00')).toBe(0);
    expect(minutesOf('23:59')).toBe(1439);
    expect(minutesOf('24:00', true)).toBe(1440);
    for (const text of ['24:00', '25:00', '8:00', '08:60', '08:00:00', '', 'noon'])
      expect(minutesOf(text), text).toBeUndefined();
    for (const text of ['24:01', '25:00']) expect(minutesOf(text, true), text).toBeUndefined();
  });
});
