import { describe, expect, test } from 'vitest';
import { type AboutNotification, effectiveSettings, forbidden } from '../../../src/hub/settings/settings.ts';
import type { DeviceSettings, SettingsDoc } from '../../../src/hub/settings/settings-doc.ts';
import type { Channel } from '../../../src/hub/words/channel.ts';

const about: AboutNotification = { type: 'incident.created', priority: 'high', severity: 'SEV-2', status: 'open' };

/** Why `doc` does not let it through; undefined: it does. Without `doc` everything passes, so each row shows what its field does. */
const reason = (doc: SettingsDoc, more: Partial<AboutNotification> = {}, channel: Channel = 'push', defaults = {}) =>
  forbidden(effectiveSettings(defaults, doc), { ...about, ...more }, channel)?.reason;

describe('each field of the settings changes an outcome', () => {
  test('without any, everything passes', () => {
    expect(reason({})).toBeUndefined();
  });

  test.each<[string, SettingsDoc, string, Partial<AboutNotification>?]>([
    ['enabled', { enabled: false }, 'user_disabled'],
    ['enabled, also for critical', { enabled: false }, 'user_disabled', { priority: 'critical' }],
    ['types', { types: { 'incident.*': false } }, 'type_disabled'],
    ['types, also for critical', { types: { '*': false } }, 'type_disabled', { priority: 'critical' }],
    ['types by channel', { types: { 'incident.*': { channels: ['email'] } } }, 'type_disabled'],
    ['channels', { channels: { push: false } }, 'channel_disabled'],
    [
      'channels: never, also for critical',
      { channels: { push: 'never' } },
      'channel_disabled',
      { priority: 'critical' },
    ],
    ['severities', { severities: ['SEV-1'] }, 'severity_filtered'],
    ['min_severity', { min_severity: 'SEV-1' }, 'severity_filtered'],
    ['min_severity, also for critical', { min_severity: 'critical' }, 'severity_filtered', { priority: 'critical' }],
    ['statuses', { statuses: ['resolved'] }, 'status_filtered'],
  ])('%s', (_, doc, expected, more = {}) => {
    expect(reason({}, more)).toBeUndefined();
    expect(reason(doc, more)).toBe(expected);
  });

  test.each<[string, SettingsDoc, Partial<AboutNotification>?, Channel?]>([
    ['channels: false yields to critical', { channels: { push: false } }, { priority: 'critical' }],
    ['another channel goes on', { channels: { sms: 'never' } }],
    ['another type goes on', { types: { 'task.*': false } }],
    ['a longer pattern opens what a shorter one shut', { types: { '*': false, 'incident.*': true } }],
    ['a type with this channel', { types: { 'incident.*': { channels: ['push', 'email'] } } }],
    ['a type with no channels named means all', { types: { 'incident.*': { channels: [] } } }],
    ['severities in any case, and by rank', { severities: ['high'] }],
    ['statuses in any case', { statuses: ['OPEN'] }],
    ['empty lists mean all', { severities: [], statuses: [] }],
    ['a severity at the least that is wanted', { min_severity: 'SEV-2' }],
  ])('%s', (_, doc, more = {}, channel = 'push') => {
    expect(reason(doc, more, channel)).toBeUndefined();
  });

  test('a filter does not look at what a notification does not have', () => {
    const { severity: _, status: __, ...bare } = about;
    const settings = effectiveSettings({}, { severities: ['SEV-1'], min_severity: 'SEV-1', statuses: ['resolved'] });
    expect(forbidden(settings, bare, 'push')).toBeUndefined();
  });

  test('first match wins: enabled, type, channel, severity, status', () => {
    const all: [string, SettingsDoc][] = [
      ['user_disabled', { enabled: false }],
      ['type_disabled', { types: { '*': false } }],
      ['channel_disabled', { channels: { push: false } }],
      ['severity_filtered', { severities: ['SEV-1'] }],
      ['status_filtered', { statuses: ['resolved'] }],
    ];
    for (const [index, [expected]] of all.entries())
      expect(reason(Object.assign({}, ...all.slice(index).map(([, doc]) => doc)))).toBe(expected);
  });
});

describe('hub.defaults', () => {
  test('hold where a person says nothing, field by field', () => {
    expect(reason({ enabled: true }, {}, 'push', { channels: { push: false } })).toBe('channel_disabled');
    expect(reason({ channels: { push: true } }, {}, 'push', { channels: { push: false } })).toBeUndefined();
    expect(reason({ severities: [] }, {}, 'push', { severities: ['SEV-1'] })).toBeUndefined();
    expect(reason({}, {}, 'push', { enabled: false })).toBe('user_disabled');
  });

  test("a person's `*` decides before a longer pattern of the defaults", () => {
    expect(reason({ types: { '*': false } }, {}, 'push', { types: { 'incident.*': true } })).toBe('type_disabled');
    expect(reason({ types: { 'task.*': true } }, {}, 'push', { types: { '*': false } })).toBe('type_disabled');
  });

  test('quiet hours, digest and locale have theirs', () => {
    const defaults: DeviceSettings = {
      quiet_hours: { timezone: 'Asia/Tokyo', windows: [{ from: '22:00', until: '06:00' }], then: 'silent', allow: [] },
      digest: { mode: 'daily', at: '07:00' },
      locale: 'ja',
    };
    const bare = effectiveSettings({});
    expect(bare).toMatchObject({ quiet_hours: { windows: [], then: 'hold', allow: ['critical'] } });
    expect(bare.digest).toEqual({ mode: 'off', at: '09:00' });
    const settings = effectiveSettings(defaults, { quiet_hours: { windows: [] }, digest: { at: '08:00' } });
    expect(settings.quiet_hours).toEqual({ timezone: 'Asia/Tokyo', windows: [], then: 'silent', allow: [] });
    expect(settings.digest).toEqual({ mode: 'daily', at: '08:00' });
    expect(settings.locale).toBe('ja');
    expect(effectiveSettings(defaults, { locale: 'de' }).locale).toBe('de');
  });
});

describe('a device', () => {
  const because = (doc: SettingsDoc, own: DeviceSettings | undefined, more: Partial<AboutNotification> = {}) =>
    forbidden(effectiveSettings({}, doc), { ...about, ...more }, 'push', {
      id: 'phone',
      ...(own ? { settings: own } : {}),
    })?.reason;

  test('can forbid more, in its own settings and in those that the person has for it', () => {
    expect(because({}, { channels: { push: 'never' } })).toBe('channel_disabled');
    expect(because({}, { severities: ['SEV-1'] })).toBe('severity_filtered');
    expect(because({ devices: { phone: { enabled: false } } }, undefined)).toBe('channel_disabled');
    expect(because({ devices: { phone: { enabled: false } } }, undefined, { priority: 'critical' })).toBe(
      'channel_disabled',
    );
    expect(because({ devices: { phone: { types: { '*': false } } } }, { types: { '*': true } })).toBe('type_disabled');
    expect(because({ devices: { tablet: { enabled: false } } }, undefined)).toBeUndefined();
  });

  test('cannot allow what the person forbids', () => {
    const all: DeviceSettings = {
      enabled: true,
      channels: { push: true },
      types: { '*': true },
      severities: [],
      statuses: [],
    };
    expect(because({ channels: { push: 'never' }, devices: { phone: all } }, all)).toBe('channel_disabled');
    expect(because({ types: { '*': false }, devices: { phone: all } }, all)).toBe('type_disabled');
    expect(because({ enabled: false, devices: { phone: all } }, all)).toBe('user_disabled');
    expect(because({ severities: ['SEV-1'], devices: { phone: all } }, all)).toBe('severity_filtered');
  });
});
