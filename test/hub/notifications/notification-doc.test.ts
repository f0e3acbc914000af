import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type NotificationDoc, parseNotification } from '../../../src/hub/notifications/notification-doc.ts';
import { sendAtFor } from '../../../src/hub/notifications/send-at.ts';

const around = { timezone: 'UTC' };
const parse = (json: unknown, timezone = 'UTC') => parseNotification(json, { timezone });
const to = { users: ['ada'] };

const whole = {
  id: 'own-1',
  type: 'incident.created',
  title: 'Disk full',
  message: 'db-3 has 2 % left',
  url: 'https://example.com/i/1',
  image: 'https://example.com/i.png',
  priority: 'high',
  severity: 'SEV-1',
  status: 'open',
  data: { incident: { id: 1 } },
  to: {
    users: ['ada', 'bob'],
    teams: ['ops'],
    roles: [],
    topics: ['disks'],
    devices: ['d1'],
    everyone: false,
    except: ['eve'],
  },
  channels: ['realtime', 'push', 'email'],
  mode: 'hybrid',
  category: 'INCIDENT',
  actions: [{ id: 'ack', title: 'Acknowledge', url: 'https://example.com/ack' }],
  collapse_key: 'disk-db-3',
  thread: 'db-3',
  cancel_key: 'inc-1',
  expires_at: '2026-12-02T00:00:00.000Z',
  send_at: '2026-12-01T09:00:00.000Z',
  locales: { de: { title: 'Platte voll', message: '…' }, 'pt-BR': { title: 'Disco cheio' } },
  overrides: {
    ios: { sound: 'alarm.caf', badge: 3, topic: 'com.example.app' },
    android: { priority: 'high', android: { ttl: '60s' } },
    huawei: { huawei_notification: { importance: 'HIGH' } },
    web: { icon: 'https://example.com/icon.png', ttl: 60, message: 'shorter' },
    expo: { channelId: 'alerts' },
    ntfy: { tags: ['warning'] },
    email: { subject: 's', html: '<p>h</p>', text: 't', headers: { 'X-Team': 'ops' } },
    sms: { text: 'Disk full' },
    slack: { blocks: [{ type: 'divider' }] },
  },
  digest: { key: 'disks', window: 900 },
  confidential: false,
  redact: { push: ['data.incident'], sms: ['*'] },
} as const;

describe('a notification', () => {
  test('with everything that there is is taken as it is', () => {
    expect(parse(whole)).toEqual(whole);
  });

  test('needs only someone to send to and something to say', () => {
    expect(parse({ to, title: 'Hello' })).toEqual({ to, title: 'Hello', type: 'notification', priority: 'medium' });
    expect(parse({ to: { everyone: true }, data: { sync: true } })).toMatchObject({ data: { sync: true } });
  });

  test('is normalised: priorities of the seeds, durations, instants, zones, tags, repeated ids', () => {
    expect(
      parse({
        to: { users: ['ada', 'ada', 'bob'] },
        title: 'x',
        priority: 'Immediate',
        channels: [],
        plan: [
          { channel: 'realtime', until: 'acked', wait: '5s' },
          { channel: 'push', until: 'seen', wait: '10m' },
          { channel: 'sms' },
        ],
        expires_at: '2026-12-01T10:00:00+02:00',
        send_at: '2026-12-01T09:00:00',
        timezone: 'Europe/Athens',
        digest: { key: 'k', window: '15m' },
        locales: { pt_br: { title: 'y' } },
        image: null,
      }),
    ).toEqual({
      to: { users: ['ada', 'bob'] },
      title: 'x',
      type: 'notification',
      priority: 'critical',
      plan: [
        { channel: 'realtime', until: 'acked', wait: 5 },
        { channel: 'push', until: 'seen', wait: 600 },
        { channel: 'sms' },
      ],
      expires_at: '2026-12-01T08:00:00.000Z',
      send_at: '2026-12-01T07:00:00.000Z',
      digest: { key: 'k', window: 900 },
      locales: { 'pt-BR': { title: 'y' } },
    });
    expect(parse({ to, title: 'x', priority: 'normal' })).toMatchObject({ priority: 'medium' });
  });

  test('read again stays what it is', () => {
    const docs = fc.record(
      {
        to: fc.constant(to),
        title: fc.string({ maxLength: 20 }).map((text) => `t${text.toWellFormed()}`),
        priority: fc.constantFrom('low', 'normal', 'HIGH', 'immediate'),
        channels: fc.subarray(['realtime', 'push', 'email', 'sms', 'slack']),
        send_at: fc.constantFrom('2026-03-29T02:30:00', '2026-10-25T02:30', '2026-12-01T09:00:00Z'),
        expires_at: fc
          .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString()),
        digest: fc.record({ key: fc.constant('k'), window: fc.constantFrom('1.5s', 60, '2d') }),
      },
      { requiredKeys: ['to', 'title'] },
    );
    fc.assert(
      fc.property(docs, fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Apia'), (json, zone) => {
        const once = parse(json, zone);
        expect(Array.isArray(once)).toBe(false);
        expect(parse(JSON.parse(JSON.stringify(once)), 'Asia/Tokyo')).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });
});

describe('when it leaves', () => {
  const at = (send_at: string, timezone?: string, hub = 'UTC') =>
    (parse({ to, title: 'x', send_at, ...(timezone ? { timezone } : {}) }, hub) as NotificationDoc).send_at;

  test('a local time is one of the zone that is named, of hub.timezone else', () => {
    expect(at('2026-07-01T09:00', 'Europe/Berlin')).toBe('2026-07-01T07:00:00.000Z');
    expect(at('2026-07-01T09:00', undefined, 'Asia/Tokyo')).toBe('2026-07-01T00:00:00.000Z');
    expect(at('2026-07-01T09:00:00+02:00')).toBe('2026-07-01T07:00:00.000Z');
    // Not there: the first instant after the gap. There twice: the first.
    expect(at('2026-03-29T02:30', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z');
    expect(at('2026-10-25T02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
  });

  test("the zone user is each person's", () => {
    const doc = parse({ to, title: 'x', send_at: '2026-12-01T09:00', timezone: 'user' }) as NotificationDoc;
    expect(doc).toMatchObject({ send_at: '2026-12-01T09:00:00', timezone: 'user' });
    expect(sendAtFor(doc, 'Asia/Tokyo')).toBe(Date.parse('2026-12-01T00:00:00Z'));
    expect(sendAtFor(doc, 'America/New_York')).toBe(Date.parse('2026-12-01T14:00:00Z'));
    expect(sendAtFor({}, 'UTC')).toBeUndefined();
  });
});

describe('what is refused', () => {
  test.each<[string, object, string, string]>([
    ['no to', { to: undefined }, 'to', 'is missing'],
    ['an empty to', { to: {} }, 'to', 'names no one'],
    ['except alone', { to: { except: ['ada'], users: [] } }, 'to', 'names no one'],
    ['an unknown field', { titel: 'x' }, 'titel', 'did you mean "title"?'],
    ['an unknown field in to', { to: { user: ['ada'] } }, 'to.user', 'did you mean "users"?'],
    ['an id that is a path', { to: { users: ['..'] } }, 'to.users[0]', 'must be an id'],
    ['nothing to say', { title: undefined }, 'message', 'is missing'],
    ['a name of the stream', { type: 'reset' }, 'type', 'must not be one of'],
    ['a priority that there is not', { priority: 'urgent' }, 'priority', 'must be one of low, medium, high, critical'],
    ['plan and mode', { plan: [{ channel: 'push' }], mode: 'hybrid' }, 'mode', 'is excluded by plan'],
    ['plan and channels', { plan: [{ channel: 'push' }], channels: ['push'] }, 'channels', 'is excluded by plan'],
    ['a step without channel', { plan: [{ wait: 5 }] }, 'plan[0].channel', 'is missing'],
    ['until without wait', { plan: [{ channel: 'push', until: 'seen' }] }, 'plan[0].wait', 'is missing'],
    [
      'wait for a failure',
      { plan: [{ channel: 'push', until: 'failed', wait: 5 }] },
      'plan[0].wait',
      'is not waited for',
    ],
    ['a wait that is none', { plan: [{ channel: 'push', wait: 'soon' }] }, 'plan[0].wait', 'must be a duration'],
    ['a mode whose channel is left out', { mode: 'push_only', channels: ['email'] }, 'mode', 'needs the channel push'],
    ['a zone and an offset', { send_at: '2026-12-01T09:00:00Z', timezone: 'Asia/Tokyo' }, 'timezone', 'excludes Z'],
    ['a zone alone', { timezone: 'Asia/Tokyo' }, 'timezone', 'is for send_at'],
    ['a zone that there is not', { send_at: '2026-12-01T09:00', timezone: 'Mars' }, 'timezone', 'must be a time zone'],
    ['a time that is none', { send_at: 'tomorrow' }, 'send_at', 'must be a day and a time that there are'],
    ['a date that there is not', { send_at: '2026-02-30T09:00' }, 'send_at', 'must be a day and a time that there are'],
    ['an end without offset', { expires_at: '2026-12-01T09:00' }, 'expires_at', 'must be an ISO 8601 instant'],
    ['a language that is none', { locales: { 'no tag': {} } }, 'locales', 'must be language tags'],
    ['a digest without window', { digest: { key: 'k' } }, 'digest.window', 'is missing'],
    ['a digest of an instant', { digest: { key: 'k', window: 0 } }, 'digest.window', 'must be a second or more'],
    [
      'two actions of one id',
      {
        actions: [
          { id: 'a', title: 'A' },
          { id: 'a', title: 'B' },
        ],
      },
      'actions[1].id',
      'is the id of another action',
    ],
    ['an action without title', { actions: [{ id: 'a' }] }, 'actions[0].title', 'is missing'],
    [
      'an override of a wrong type',
      { overrides: { ios: { badge: 'x' } } },
      'overrides.ios.badge',
      'expected an integer',
    ],
    [
      'an override that the platform does not read',
      { overrides: { ios: { huawei_data: 'x' } } },
      'overrides.ios.huawei_data',
      'unknown field',
    ],
    ['targets in an override', { overrides: { ios: { tokens: ['x'] } } }, 'overrides.ios.tokens', 'unknown field'],
    [
      'a field that mail does not have',
      { overrides: { email: { subjekt: 'x' } } },
      'overrides.email.subjekt',
      'unknown field',
    ],
    ['a field of SMS of a wrong type', { overrides: { sms: { text: 1 } } }, 'overrides.sms.text', 'expected a string'],
    ['a platform that there is not', { overrides: { iOS: {} } }, 'overrides.iOS', 'did you mean "ios"?'],
    ['a channel that there is not', { redact: { fax: ['*'] } }, 'redact.fax', 'unknown field'],
  ])('%s', (_, changes, path, reason) => {
    const json = JSON.parse(JSON.stringify({ to, title: 'x', ...changes }));
    expect(parseNotification(json, around)).toContainEqual({ path, reason: expect.stringContaining(reason) });
  });

  test('all faults come at once', () => {
    expect(parse({ titel: 'x', priority: 'urgent' })).toHaveLength(3);
  });

  test.each([[null], [[]], ['x']])('%j', (json) => {
    expect(parse(json)).toEqual([{ path: '', reason: 'must be an object' }]);
  });
});
