import { describe, expect, test } from 'vitest';
import { effectiveSettings, type Snooze, waiting } from '../../../src/hub/settings/settings.ts';
import type { DeviceSettings, SettingsDoc } from '../../../src/hub/settings/settings-doc.ts';
import type { Priority } from '../../../src/hub/words/priority.ts';
import type { OtherZones } from '../../../src/hub/words/time-zone.ts';

const evening = Date.parse('2026-12-01T21:30:00Z');
const zones: OtherZones = { device: 'Europe/Berlin', user: 'America/New_York', hub: 'UTC' };
const night = { windows: [{ from: '22:00', until: '08:00' }] };
const iso = (text: string): number => Date.parse(text);

interface Case {
  readonly own?: DeviceSettings;
  readonly others?: OtherZones;
  readonly now?: number;
  readonly snooze?: Snooze;
  readonly priority?: Priority;
}

const waits = (doc: SettingsDoc, { own, others = zones, now = evening, snooze, priority = 'high' }: Case = {}) =>
  waiting(
    effectiveSettings({}, doc, snooze),
    { priority },
    { device: { id: 'phone', ...(own ? { settings: own } : {}) }, zones: others, now },
  );

const doc: SettingsDoc = { quiet_hours: { windows: night.windows } };

describe('the zone of quiet hours', () => {
  test('is that of the device where the settings name none', () => {
    expect(waits(doc)).toEqual({
      reason: 'quiet_hours',
      until: iso('2026-12-02T07:00:00Z'),
      then: 'hold',
      of: 'person',
      timezone: 'Europe/Berlin',
      timezone_source: 'device',
    });
  });

  test('is that of the settings, the person or the hub otherwise', () => {
    expect(waits({ quiet_hours: { ...doc.quiet_hours, timezone: 'Asia/Tokyo' } })).toMatchObject({
      timezone_source: 'settings',
      until: iso('2026-12-01T23:00:00Z'),
    });
    expect(waits(doc, { others: { ...zones, device: undefined } })).toBeUndefined();
    expect(waits(doc, { others: { hub: 'UTC' }, now: iso('2026-12-01T22:00:00Z') })).toMatchObject({
      timezone_source: 'hub',
    });
  });
});

describe('quiet hours of a person and of a device', () => {
  test('hold together: until the later end, and as the stricter says', () => {
    const device: DeviceSettings = { quiet_hours: { windows: [{ from: '20:00', until: '10:00' }], then: 'drop' } };
    expect(waits(doc, { own: device })).toMatchObject({
      until: iso('2026-12-02T09:00:00Z'),
      then: 'drop',
      of: 'device',
    });
    const lenient: DeviceSettings = { quiet_hours: { windows: [{ from: '22:00', until: '23:00' }], then: 'silent' } };
    expect(waits(doc, { own: lenient })).toMatchObject({
      until: iso('2026-12-02T07:00:00Z'),
      then: 'hold',
      of: 'person',
    });
  });

  test('a device cannot let through what the person holds, and can hold what the person lets through', () => {
    const open: DeviceSettings = { quiet_hours: { windows: [], allow: ['low', 'medium', 'high', 'critical'] } };
    expect(waits(doc, { own: open })).toBeDefined();
    const allowing: SettingsDoc = { quiet_hours: { windows: night.windows, allow: ['high'] } };
    expect(waits(allowing)).toBeUndefined();
    expect(waits(allowing, { own: { quiet_hours: { windows: night.windows, allow: ['critical'] } } })).toMatchObject({
      of: 'device',
    });
  });

  test('critical comes through unless it may not', () => {
    expect(waits(doc, { priority: 'critical' })).toBeUndefined();
    const strict: SettingsDoc = { quiet_hours: { windows: night.windows, allow: [] } };
    expect(waits(strict, { priority: 'critical' })).toMatchObject({ then: 'hold' });
  });
});

describe('snooze', () => {
  const snooze: Snooze = { until: iso('2026-12-02T10:00:00Z'), on_end: 'release' };

  test.each([
    ['release', 'hold'],
    ['digest', 'digest'],
    ['clear', 'drop'],
  ] as const)('with on_end %s: %s', (on_end, then) => {
    expect(waits({}, { snooze: { ...snooze, on_end } })).toMatchObject({
      reason: 'snoozed',
      until: snooze.until,
      then,
    });
  });

  test('and quiet hours last until the later end, as the stricter says', () => {
    expect(waits(doc, { snooze })).toMatchObject({ reason: 'snoozed', until: snooze.until, then: 'hold' });
    const short: Snooze = { until: iso('2026-12-01T22:00:00Z'), on_end: 'clear' };
    expect(waits(doc, { snooze: short })).toMatchObject({
      reason: 'quiet_hours',
      until: iso('2026-12-02T07:00:00Z'),
      then: 'drop',
    });
  });

  test('holds in quiet hours that are only silent', () => {
    const silent: SettingsDoc = { quiet_hours: { windows: night.windows, then: 'silent' } };
    expect(waits(silent)).toMatchObject({ reason: 'quiet_hours', then: 'silent' });
    expect(waits(silent, { snooze })).toMatchObject({ reason: 'snoozed', then: 'hold' });
  });
});

describe('a digest that a person has asked for', () => {
  test('takes everything that quiet hours do not let through', () => {
    const daily: SettingsDoc = { digest: { mode: 'daily', at: '08:30' } };
    expect(waits(daily)).toMatchObject({
      reason: 'digested',
      then: 'digest',
      until: iso('2026-12-02T07:30:00Z'),
      timezone: 'Europe/Berlin',
    });
    expect(waits({ digest: { mode: 'hourly' } })).toMatchObject({ until: iso('2026-12-01T22:00:00Z') });
    expect(waits(daily, { priority: 'critical' })).toBeUndefined();
    expect(waits({ digest: { mode: 'off' } })).toBeUndefined();
  });

  test('waits for the end of quiet hours, and takes what is only silent', () => {
    const daily = { digest: { mode: 'daily' } } as const;
    expect(waits({ ...doc, ...daily })).toMatchObject({ reason: 'quiet_hours', then: 'hold' });
    const silent: SettingsDoc = { ...daily, quiet_hours: { windows: night.windows, then: 'silent' } };
    expect(waits(silent)).toMatchObject({ reason: 'digested' });
  });

  test('of a device takes the pushes to that device', () => {
    expect(waits({}, { own: { digest: { mode: 'daily' } } })).toMatchObject({ reason: 'digested', of: 'device' });
  });
});
