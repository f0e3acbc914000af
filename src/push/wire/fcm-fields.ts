/**
 * The FCM objects of a request, as firebase-admin-go 4.19 (messaging.go) decodes them: these are its types, and what its
 * UnmarshalJSON methods refuse. What it refuses only when sending is checked there (src/fcm/payload.ts).
 */
import type { Decode } from './decoding.ts';
import { decoder, mistake } from './decoding.ts';
import { anything, boolean, float, integer, lenient, list, string, stringMap } from './go-types.ts';
import { openStruct, struct, withRequired } from './struct.ts';

const strings = list(string, '');

/** `"3.5s"`, also without the unit as Go takes it. Google's JSON mapping has at most nine decimals; Go reads more. */
const DURATION = /^[+-]?\d{1,18}(?:\.\d{1,18})?s?$/;
const EVENT_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{9}Z$/;

const duration = decoder({ type: 'string', pattern: DURATION.source, examples: ['3.5s'] }, (value, decoding) => {
  if (typeof value !== 'string') return string(value, decoding);
  return DURATION.test(value) ? value : mistake(decoding, 'expected a duration in seconds such as "3.5s"');
});

/** A text that may also be empty, which is as if it were absent. */
const orEmpty = (decode: Decode): Decode =>
  decoder({ ...decode.schema, pattern: `^$|${decode.schema.pattern}` }, (value, decoding) =>
    value === '' ? value : decode(value, decoding),
  );

const oneOf = (...names: readonly string[]): Decode =>
  decoder({ type: 'string', enum: ['', ...names] }, (value, decoding) => {
    if (typeof value !== 'string') return string(value, decoding);
    return value === '' || names.includes(value) ? value : mistake(decoding, `expected one of ${names.join(', ')}`);
  });

const eventTime = decoder({ type: 'string', pattern: EVENT_TIME.source }, (value, decoding) => {
  if (typeof value !== 'string') return string(value, decoding);
  const [year, month, day, hour, minute, second] = (EVENT_TIME.exec(value)?.slice(1) ?? []).map(Number);
  if (year !== undefined && isDate(year, month!, day!) && hour! < 24 && minute! < 60 && second! < 60) return value;
  return mistake(decoding, 'expected a time such as "2006-01-02T15:04:05.000000000Z"');
});

function isDate(year: number, month: number, day: number): boolean {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return month >= 1 && month <= 12 && day >= 1 && day <= days;
}

/** What a 1 switches on. Any other integer switches nothing on, and `aps` keeps it as custom data. */
const apnsFlag = decoder(integer.schema, (value, decoding) => (integer(value, decoding) === 1 ? 1 : undefined));

const stringOr = (decode: Decode): Decode =>
  decoder({ anyOf: [{ type: 'string' }, decode.schema] }, (value, decoding) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'object') return decode(value, decoding);
    return mistake(decoding, 'expected a string or an object');
  });

const light = withRequired(
  struct({
    color: struct({ red: float, green: float, blue: float, alpha: float }),
    light_on_duration: duration,
    light_off_duration: duration,
  }),
  ['color', 'light_on_duration', 'light_off_duration'],
);

const androidNotification = struct({
  title: string,
  body: string,
  icon: string,
  color: string,
  sound: string,
  tag: string,
  click_action: string,
  body_loc_key: string,
  body_loc_args: strings,
  title_loc_key: string,
  title_loc_args: strings,
  channel_id: string,
  image: string,
  ticker: string,
  sticky: boolean,
  event_time: orEmpty(eventTime),
  local_only: boolean,
  notification_priority: oneOf('PRIORITY_MIN', 'PRIORITY_LOW', 'PRIORITY_DEFAULT', 'PRIORITY_HIGH', 'PRIORITY_MAX'),
  vibrate_timings: list(duration),
  default_vibrate_timings: boolean,
  default_sound: boolean,
  light_settings: light,
  default_light_settings: boolean,
  visibility: oneOf('PRIVATE', 'PUBLIC', 'SECRET'),
  notification_count: integer,
  proxy: oneOf('ALLOW', 'DENY', 'IF_PRIORITY_LOWERED'),
});

const webpushNotification = openStruct({
  actions: list(struct({ action: string, title: string, icon: string }), null),
  title: string,
  body: string,
  icon: string,
  badge: string,
  dir: string,
  data: anything,
  image: string,
  lang: string,
  renotify: boolean,
  requireInteraction: boolean,
  silent: boolean,
  tag: string,
  timestamp: integer,
  vibrate: list(integer, 0),
});

const apsAlert = struct({
  title: string,
  subtitle: string,
  body: string,
  'loc-key': string,
  'loc-args': strings,
  'title-loc-key': string,
  'title-loc-args': strings,
  'subtitle-loc-key': string,
  'subtitle-loc-args': strings,
  'action-loc-key': string,
  'launch-image': string,
});

const aps = openStruct({
  alert: stringOr(apsAlert),
  badge: integer,
  sound: stringOr(struct({ critical: apnsFlag, name: string, volume: float })),
  'content-available': apnsFlag,
  'mutable-content': apnsFlag,
  category: string,
  'thread-id': string,
});

/**
 * `notification`. Behind the three fields of the v1 API stand those of the legacy one that Gorush's README still lists: read
 * when they have the right type, ignored otherwise, as Gorush ignores them.
 */
export const fcmNotification = struct({
  title: string,
  body: string,
  image: string,
  icon: lenient(string),
  tag: lenient(string),
  color: lenient(string),
  sound: lenient(string),
  click_action: lenient(string),
  android_channel_id: lenient(string),
  body_loc_key: lenient(string),
  body_loc_args: lenient(strings),
  title_loc_key: lenient(string),
  title_loc_args: lenient(strings),
});

export const fcmAndroid = struct({
  collapse_key: string,
  priority: string,
  ttl: orEmpty(duration),
  restricted_package_name: string,
  data: stringMap,
  notification: androidNotification,
  fcm_options: struct({ analytics_label: string }),
  direct_boot_ok: boolean,
});

export const fcmWebpush = struct({
  headers: stringMap,
  data: stringMap,
  notification: webpushNotification,
  fcm_options: struct({ link: string }),
});

export const fcmApns = struct({
  headers: stringMap,
  payload: openStruct({ aps }),
  fcm_options: struct({ analytics_label: string, image: string }),
  live_activity_token: string,
});

export const fcmOptions = struct({ analytics_label: string });
