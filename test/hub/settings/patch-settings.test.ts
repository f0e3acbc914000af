import { describe, expect, test } from 'vitest';
import { patchSettings } from '../../../src/hub/settings/patch-settings.ts';
import type { SettingsDoc } from '../../../src/hub/settings/settings-doc.ts';

const kept: SettingsDoc = {
  enabled: true,
  types: { 'incident.*': true, '*': false },
  quiet_hours: { timezone: 'Asia/Tokyo', windows: [{ from: '22:00', until: '08:00' }], then: 'silent' },
  devices: { phone: { quiet_hours: { windows: [{ from: '12:00', until: '13:00' }] } }, tablet: { enabled: false } },
};

describe('a merge patch of settings', () => {
  test('changes what it names, takes away what it sets to null, and leaves the rest', () => {
    expect(patchSettings(kept, { enabled: false, types: { '*': null, 'task.*': false }, devices: null })).toEqual({
      enabled: false,
      types: { 'incident.*': true, 'task.*': false },
      quiet_hours: kept.quiet_hours,
    });
  });

  test('in the form with start and end takes the place of the windows, also of a device', () => {
    const span = { start: '23:00', end: '06:00' };
    expect(patchSettings(kept, { quiet_hours: span, devices: { phone: { quiet_hours: span } } })).toEqual({
      ...kept,
      quiet_hours: { timezone: 'Asia/Tokyo', windows: [{ from: '23:00', until: '06:00' }], then: 'silent' },
      devices: {
        phone: { quiet_hours: { windows: [{ from: '23:00', until: '06:00' }] } },
        tablet: { enabled: false },
      },
    });
  });

  test('is refused like a document', () => {
    expect(patchSettings(kept, { quiet_hours: { start: '23:00' } })).toEqual([
      { path: 'quiet_hours.end', reason: 'is missing' },
    ]);
    expect(patchSettings(kept, { quiet_hours: { then: 'later' } })).toMatchObject([{ path: 'quiet_hours.then' }]);
    expect(patchSettings(kept, [])).toEqual([{ path: '', reason: 'must be an object' }]);
  });
});
