import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../../src/hub/settings/settings-doc.ts';

describe('a settings document', () => {
  test('as the seeds write it: quiet hours by start and end', () => {
    expect(
      parseSettings({
        enabled: true,
        severities: ['SEV-1', 'SEV-2'],
        statuses: ['open', 'acknowledged', 'resolved'],
        quiet_hours: { start: '22:00', end: '08:00' },
      }),
    ).toEqual({
      enabled: true,
      severities: ['SEV-1', 'SEV-2'],
      statuses: ['open', 'acknowledged', 'resolved'],
      quiet_hours: { windows: [{ from: '22:00', until: '08:00' }] },
    });
  });

  test('with everything that there is', () => {
    const doc = {
      enabled: false,
      severities: [],
      statuses: [],
      min_severity: 'SEV-2',
      types: { 'incident.*': { channels: ['push'] }, 'task.done': false, '*': true },
      channels: { realtime: true, push: false, email: true, sms: 'never', slack: false },
      quiet_hours: {
        timezone: 'Europe/Berlin',
        windows: [
          { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '20:00', until: '07:30' },
          { days: ['sat', 'sun'], from: '00:00', until: '24:00' },
        ],
        then: 'digest',
        allow: ['critical', 'high'],
      },
      digest: { mode: 'daily', at: '18:30' },
      devices: { 'my phone/1': { enabled: false, quiet_hours: { windows: [] } } },
      locale: 'de-AT',
    };
    expect(parseSettings(doc)).toEqual(doc);
    expect(parseSettings({})).toEqual({});
  });

  test.each([
    [
      'days in any case and order, each once',
      { days: ['Sun', 'mon', 'sun'], from: '09:00', until: '10:00' },
      { days: ['mon', 'sun'], from: '09:00', until: '10:00' },
    ],
    [
      'no days or all days are every day',
      { days: [], from: '09:00', until: '10:00' },
      { from: '09:00', until: '10:00' },
    ],
    [
      'all seven',
      { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '23:00', until: '24:00' },
      { from: '23:00', until: '24:00' },
    ],
  ])('a window: %s', (_, given, kept) => {
    expect(parseSettings({ quiet_hours: { windows: [given] } })).toEqual({ quiet_hours: { windows: [kept] } });
  });

  test('words and names in their usual form', () => {
    expect(
      parseSettings({
        locale: 'pt_br',
        quiet_hours: { timezone: 'europe/athens', allow: ['Immediate', 'critical', 'normal'], then: 'HOLD' },
        digest: null,
      }),
    ).toEqual({
      locale: 'pt-BR',
      quiet_hours: { timezone: 'Europe/Athens', allow: ['critical', 'medium'], then: 'hold' },
    });
  });

  test('what an answer shows beside it may come back, a zone alone may not', () => {
    const answer = { enabled: true, timezone: 'Asia/Tokyo', timezone_source: 'user', snoozed_until: null };
    expect(parseSettings(answer)).toEqual({ enabled: true });
    expect(parseSettings({ timezone: 'Asia/Tokyo' })).toEqual([
      { path: 'timezone', reason: expect.stringContaining('quiet_hours.timezone') },
    ]);
  });
});

describe('what is refused', () => {
  test.each<[string, unknown, string, string]>([
    ['no object', [], '', 'must be an object'],
    ['an unknown field', { quiethours: {} }, 'quiethours', 'unknown field; did you mean "quiet_hours"?'],
    ['an unknown field below', { quiet_hours: { form: '22:00' } }, 'quiet_hours.form', 'unknown field'],
    ['an unknown channel', { channels: { pusch: true } }, 'channels.pusch', 'unknown field; did you mean "push"?'],
    [
      'another word for a channel',
      { channels: { push: 'sometimes' } },
      'channels.push',
      'must be true, false or "never"',
    ],
    [
      'an unknown zone',
      { quiet_hours: { timezone: 'Europe/Atlantis' } },
      'quiet_hours.timezone',
      'must be a time zone of the IANA database such as Europe/Berlin',
    ],
    [
      'an offset for a zone',
      { quiet_hours: { timezone: '+02:00' } },
      'quiet_hours.timezone',
      'must be a time zone of the IANA database such as Europe/Berlin',
    ],
    [
      'equal ends',
      { quiet_hours: { start: '08:00', end: '08:00' } },
      'quiet_hours.end',
      'must not be equal to the start: write 00:00 and 24:00 for a whole day',
    ],
    [
      'equal ends of a window',
      { quiet_hours: { windows: [{ from: '08:00', until: '08:00' }] } },
      'quiet_hours.windows[0].until',
      'must not be equal to the start: write 00:00 and 24:00 for a whole day',
    ],
    [
      '25:00',
      { quiet_hours: { start: '22:00', end: '25:00' } },
      'quiet_hours.end',
      'must be a time of day such as 08:00, or 24:00',
    ],
    [
      '24:00 as a start',
      { quiet_hours: { start: '24:00', end: '08:00' } },
      'quiet_hours.start',
      'must be a time of day such as 22:00',
    ],
    [
      'seconds',
      { quiet_hours: { start: '22:00:00', end: '08:00' } },
      'quiet_hours.start',
      'must be a time of day such as 22:00',
    ],
    ['a start alone', { quiet_hours: { start: '22:00' } }, 'quiet_hours.end', 'is missing'],
    ['an end alone', { quiet_hours: { end: '22:00' } }, 'quiet_hours.start', 'is missing'],
    [
      'both forms',
      { quiet_hours: { start: '22:00', end: '08:00', windows: [] } },
      'quiet_hours.windows',
      'excludes start and end',
    ],
    ['half a window', { quiet_hours: { windows: [{ from: '08:00' }] } }, 'quiet_hours.windows[0].until', 'is missing'],
    [
      'a day that there is not',
      { quiet_hours: { windows: [{ days: ['monday'], from: '08:00', until: '09:00' }] } },
      'quiet_hours.windows[0].days[0]',
      'must be one of mon, tue, wed, thu, fri, sat, sun',
    ],
    [
      'another word for then',
      { quiet_hours: { then: 'queue' } },
      'quiet_hours.then',
      'must be one of silent, hold, digest, drop',
    ],
    [
      'a priority that there is not',
      { quiet_hours: { allow: ['urgent'] } },
      'quiet_hours.allow[0]',
      'must be one of low, medium, high, critical',
    ],
    [
      'a severity without rank',
      { min_severity: 'awful' },
      'min_severity',
      'must be SEV-1 to SEV-5, or one of critical, high, medium, low, info',
    ],
    [
      'a pattern with a space',
      { types: { 'a b': true } },
      'types',
      'a pattern has 1 to 128 characters without white space',
    ],
    ['a type that is a word', { types: { a: 'off' } }, 'types.a', 'must be true, false or {"channels": [...]}'],
    [
      'a channel of a type',
      { types: { a: { channels: ['fax'] } } },
      'types.a.channels[0]',
      'must be one of realtime, push, email, sms, slack',
    ],
    [
      'a time for an hourly digest',
      { digest: { mode: 'hourly', at: '09:00' } },
      'digest.at',
      'is for the mode daily, and the mode is hourly',
    ],
    ['a locale', { locale: 'not a tag' }, 'locale', 'must be a language tag such as de or pt-BR'],
    ['devices in a device', { devices: { a: { devices: {} } } }, 'devices.a.devices', 'unknown field'],
    ['enabled as a text', { enabled: 'no' }, 'enabled', 'must be true or false'],
  ])('%s', (_, json, path, reason) => {
    const faults = parseSettings(json) as readonly { path: string; reason: string }[];
    expect(faults).toContainEqual({ path, reason: expect.stringContaining(reason) });
  });
});
