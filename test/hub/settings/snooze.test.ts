import { describe, expect, test } from 'vitest';
import { effectiveSettings } from '../../../src/hub/settings/settings.ts';
import { parseSnooze, snoozeFor } from '../../../src/hub/settings/snooze.ts';

const now = Date.parse('2026-12-01T09:00:00Z');

describe('a snooze', () => {
  test.each<[unknown, number, string]>([
    [{ until: '1h' }, now + 3_600_000, 'release'],
    [{ until: 90 }, now + 90_000, 'release'],
    [{ until: '2026-12-02T08:00:00+02:00', on_end: 'digest' }, Date.parse('2026-12-02T06:00:00Z'), 'digest'],
    [{ until: '1h30m', on_end: 'clear' }, now + 5_400_000, 'clear'],
  ])('%j', (json, until, on_end) => {
    expect(parseSnooze(json, now)).toEqual({ until, on_end });
  });

  test.each<[unknown, string]>([
    [{}, 'until'],
    [{ until: 'tomorrow' }, 'until'],
    [{ until: '2026-12-02T08:00:00' }, 'until'],
    [{ until: '2026-11-30T08:00:00Z' }, 'until'],
    [{ until: '2030-11-30T08:00:00Z' }, 'until'],
    [{ until: 0 }, 'until'],
    [{ until: '1h', on_end: 'later' }, 'on_end'],
    [{ until: '1h', onend: 'clear' }, 'onend'],
  ])('%j is refused', (json, path) => {
    expect(parseSnooze(json, now)).toMatchObject([{ path }]);
  });

  test('holds until it is over, and what may come through quiet hours comes through it', () => {
    const snooze = { until: now + 1, on_end: 'release' } as const;
    const settings = effectiveSettings({}, {}, snooze);
    expect(snoozeFor(settings, 'high', now)).toEqual(snooze);
    expect(snoozeFor(settings, 'critical', now)).toBeUndefined();
    expect(snoozeFor(settings, 'high', now + 1)).toBeUndefined();
    const strict = effectiveSettings({ quiet_hours: { allow: [] } }, {}, snooze);
    expect(snoozeFor(strict, 'critical', now)).toEqual(snooze);
  });
});
