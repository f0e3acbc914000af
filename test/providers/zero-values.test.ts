import { describe, expect, test } from 'vitest';
import { apnsHeaders, apnsPayload } from '../../src/apns/payload.ts';
import { fcmMessage } from '../../src/fcm/payload.ts';
import { hmsMessage } from '../../src/hms/payload.ts';
import type { Notification } from '../../src/push/push.ts';
import { decodePushRequest } from '../../src/push/wire/decode-push-request.ts';
import { notification as decoder } from '../../src/push/wire/notification-fields.ts';

type Tree = Record<string, unknown>;

/** As from a caller: decoded, so that a zero that the decoder drops is seen, too. */
function decoded(fields: Tree): Notification {
  const body = JSON.stringify({ notifications: [{ tokens: ['t'], ...fields }] });
  const request = decodePushRequest(Buffer.from(body));
  if (!request.ok) throw new Error(JSON.stringify(request.details));
  return request.notifications[0] as Notification;
}

function apns(fields: Tree): Tree {
  const notification = decoded({ platform: 1, ...fields });
  const headers = apnsHeaders(notification).filter(({ name }) => name.startsWith('apns-'));
  return {
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
    body: JSON.parse(apnsPayload(notification)),
  };
}

function fcm(fields: Tree): Tree {
  const message = fcmMessage(decoded({ platform: 2, ...fields }));
  if (!message.ok) throw new Error(message.outcome.error);
  return JSON.parse(`${message.before}"t"${message.after}`).message;
}

function hms(fields: Tree): Tree {
  const message = hmsMessage(decoded({ platform: 3, ...fields }));
  if (!message.ok) throw new Error(message.outcome.error);
  return JSON.parse(`${message.before}"token":["t"]${message.after}`).message;
}

const senders = { apns, fcm, hms };

/** What a field says at zero: `absent` as if it were not there; else what is sent that would not be without it. */
interface Row {
  readonly zero: unknown;
  /** Beside what it is looked at, where it says nothing alone. */
  readonly beside?: Tree;
  readonly sent?: { readonly [Name in keyof typeof senders]?: Tree };
}

const ABSENT = { string: '', integer: 0, boolean: false, list: [], object: {} };
const none = (kind: keyof typeof ABSENT, beside: Tree = {}): Row => ({ zero: ABSENT[kind], beside });

/** Every field of a notification. Where a provider takes zero for something, it is sent; the recorded corpus decides the others. */
const rows: Record<Exclude<keyof Notification, 'tokens' | 'platform'>, Row> = {
  badge: { zero: 0, sent: { apns: { body: { aps: { badge: 0 } } } } },
  expiration: { zero: 0, sent: { apns: { headers: { 'apns-expiration': '0' } } } },
  'dismissal-date': {
    zero: 0,
    beside: { event: 'end' },
    sent: { apns: { body: { aps: { 'dismissal-date': 0 } } } },
  },
  'stale-date': none('integer', { event: 'update' }),
  timestamp: none('integer', { event: 'update' }),
  'relevance-score': { zero: 0, sent: { apns: { body: { aps: { 'relevance-score': 0 } } } } },
  'content-state': {
    zero: {},
    beside: { event: 'start' },
    sent: { apns: { body: { aps: { 'content-state': {} } } } },
  },
  attributes: { zero: {}, beside: { event: 'start' }, sent: { apns: { body: { aps: { attributes: {} } } } } },
  volume: {
    zero: 0,
    beside: { name: 'alarm' },
    sent: { apns: { body: { aps: { sound: { critical: 1, name: 'alarm', volume: 0 } } } } },
  },
  sound: {
    zero: '',
    sent: {
      apns: { body: { aps: { sound: '' } } },
      // As recorded: Gorush makes both objects for any sound that is a text.
      fcm: { android: { notification: {} }, apns: { payload: { aps: {} } } },
    },
  },
  huawei_collapse_key: { zero: 0, sent: { hms: { android: { collapse_key: 0 } } } },
  notification: { zero: {}, sent: { fcm: { notification: {} } } },
  android: { zero: {}, sent: { fcm: { android: {} } } },
  webpush: { zero: {}, sent: { fcm: { webpush: {} } } },
  apns: { zero: {}, sent: { fcm: { apns: {} } } },
  fcm_options: { zero: {}, sent: { fcm: { fcm_options: {} } } },
  huawei_notification: {
    zero: {},
    sent: { hms: { android: { notification: { default_sound: true, visibility: 'PRIVATE' } } } },
  },
  notif_id: none('string'),
  app: none('string'),
  project_id: none('string'),
  to: none('string'),
  topic: none('string'),
  condition: none('string'),
  message: none('string'),
  title: none('string'),
  image: none('string'),
  priority: none('string'),
  content_available: none('boolean'),
  mutable_content: none('boolean'),
  data: none('object'),
  retry: none('integer'),
  dry_run: none('boolean'),
  collapse_key: none('string'),
  time_to_live: none('integer'),
  restricted_package_name: none('string'),
  app_id: none('string'),
  app_secret: none('string'),
  huawei_data: none('string'),
  huawei_ttl: none('string'),
  bi_tag: none('string'),
  fast_app_target: none('integer'),
  apns_id: none('string'),
  collapse_id: none('string'),
  push_type: none('string'),
  category: none('string'),
  'thread-id': none('string'),
  'url-args': none('list'),
  alert: none('object'),
  production: none('boolean'),
  development: none('boolean'),
  name: none('string'),
  interruption_level: none('string'),
  event: none('string'),
  'attributes-type': none('string'),
};

test('the table has every field of a notification', () => {
  const known = Object.keys((decoder.schema as { properties: object }).properties);
  expect(Object.keys(rows).concat('tokens', 'platform').sort()).toEqual(known.sort());
});

describe.each(Object.entries(rows))('%s', (name, { zero, beside = {}, sent = {} }) => {
  test.each(Object.entries(senders))(`${JSON.stringify(zero)} to %s`, (provider, send) => {
    const without = send(beside);
    const expected = sent[provider as keyof typeof senders];
    const now = send({ ...beside, [name]: zero });
    if (!expected) return expect(now).toEqual(without);
    expect(now).not.toEqual(without);
    expect(now).toMatchObject(expected);
  });
});

test('a Live Activity that ends may have no state; in an update zeroes are dropped, as recorded', () => {
  const zeroes = { 'content-state': {}, attributes: {}, 'stale-date': 0, 'dismissal-date': 0, timestamp: 0 };
  expect(apns({ event: 'end', ...zeroes }).body).toEqual({
    aps: { event: 'end', 'content-state': {}, 'dismissal-date': 0 },
  });
  for (const event of ['update', 'constructor', '']) expect(apns({ event, ...zeroes })).toEqual(apns({ event }));
});

test('a volume of 0 makes no critical alert of an ordinary push, and mutes one that is given', () => {
  expect(apns({ volume: 0, sound: 'ding' })).toMatchObject({ body: { aps: { sound: 'ding' } } });
  expect(apns({ volume: 0, sound: { critical: 1, name: 'alarm', volume: 0.5 } })).toMatchObject({
    body: { aps: { sound: { critical: 1, name: 'alarm', volume: 0 } } },
  });
  const mute = { critical: 1, name: 'alarm', volume: 0 };
  expect(fcm({ apns: { payload: { aps: { sound: mute } } } })).toMatchObject({
    apns: { payload: { aps: { sound: mute } } },
  });
});

test('what HMS switches on by itself can be switched off, and a badge cleared', () => {
  const off = { auto_cancel: false, use_default_vibrate: false, use_default_light: false, foreground_show: false };
  const notification = { title: 't', ...off, badge: { set_num: 0, class: 'c' }, notify_id: 0 };
  expect(hms({ huawei_notification: notification })).toMatchObject({ android: { notification } });
  const sound = { sound: 'ding', default_sound: false };
  expect(hms({ huawei_notification: sound })).toMatchObject({ android: { notification: sound } });
  // Without another sound HMS refuses the message.
  expect(hms({ huawei_notification: { default_sound: false } })).toMatchObject({
    android: { notification: { default_sound: true } },
  });
});

test('FCM: a number of 0 within its objects is sent where Google tells it from an absent one', () => {
  const count = { notification: { notification_count: 0 }, ttl: '0s' };
  expect(fcm({ android: count })).toMatchObject({ android: count });
  const aps = { badge: 0, 'content-state': {}, 'dismissal-date': 0 };
  expect(fcm({ apns: { payload: { aps }, headers: { 'apns-expiration': '0' } } })).toMatchObject({
    apns: { payload: { aps }, headers: { 'apns-expiration': '0' } },
  });
  const webpush = { headers: { TTL: '0' }, notification: { renotify: false, silent: false, timestamp: 0 } };
  expect(fcm({ webpush })).toMatchObject({ webpush });
});
