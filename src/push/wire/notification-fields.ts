import type { Alert, JsonObject, Notification } from '../push.ts';
import { type Decode, decoder, mismatch } from './decoding.ts';
import { fcmAndroid, fcmApns, fcmNotification, fcmOptions, fcmWebpush } from './fcm-fields.ts';
import { anything, boolean, float, float32, integer, lenient, list, object, string } from './go-types.ts';
import { hmsNotification } from './hms-fields.ts';
import { struct } from './struct.ts';

const strings = list(string, '');

const alert = struct({
  action: string,
  'action-loc-key': string,
  body: string,
  'launch-image': string,
  'loc-args': strings,
  'loc-key': string,
  title: string,
  subtitle: string,
  'title-loc-args': strings,
  'title-loc-key': string,
  'summary-arg': string,
  'summary-arg-count': integer,
} satisfies Record<keyof Alert, Decode>);

const gorushFields = {
  notif_id: string,
  app: string,
  project_id: string,
  to: string,
  topic: string,
  condition: string,
  tokens: strings,
  platform: integer,
  message: string,
  title: string,
  image: string,
  priority: string,
  content_available: boolean,
  mutable_content: boolean,
  sound: anything,
  data: object,
  retry: integer,

  notification: fcmNotification,
  android: fcmAndroid,
  webpush: fcmWebpush,
  apns: fcmApns,
  fcm_options: fcmOptions,
  dry_run: lenient(boolean),
  collapse_key: lenient(string),
  time_to_live: lenient(integer),
  restricted_package_name: lenient(string),

  app_id: string,
  app_secret: string,
  huawei_notification: hmsNotification,
  huawei_data: string,
  huawei_collapse_key: integer,
  huawei_ttl: string,
  bi_tag: string,
  fast_app_target: integer,

  expiration: integer,
  apns_id: string,
  collapse_id: string,
  push_type: string,
  badge: integer,
  category: string,
  'thread-id': string,
  'url-args': strings,
  alert,
  production: boolean,
  development: boolean,
  name: string,
  volume: float32,
  interruption_level: string,
  'content-state': object,
  'stale-date': integer,
  'dismissal-date': integer,
  event: string,
  timestamp: integer,
  'attributes-type': string,
  attributes: object,
  'relevance-score': float,
} satisfies Record<keyof Notification, Decode>;

/** What a request can hold beyond Gorush's fields. */
export interface OwnFields {
  /** Numbers of platforms by their names, lower case: `platform` may be either. */
  readonly platforms: Readonly<Record<string, number>>;
  /** Fields of providers that Gorush does not have. */
  readonly fields: Readonly<Record<string, Decode>>;
}

const NOTHING_OWN: OwnFields = { platforms: {}, fields: {} };

/** `1`, or `"ios"` in any case. */
function platformDecoder(platforms: OwnFields['platforms']): Decode {
  const names = Object.keys(platforms);
  if (names.length === 0) return integer;
  const wanted = `an integer or one of ${names.join(', ')}`;
  const schema = { anyOf: [integer.schema, { type: 'string', enum: names }] };
  return decoder(schema, (value, decoding) => {
    if (typeof value !== 'string') return integer(value, decoding);
    const name = value.toLowerCase();
    return Object.hasOwn(platforms, name) ? platforms[name] : mismatch(decoding, wanted, value);
  });
}

/** One element of `notifications`: Gorush's PushNotification, the legacy FCM fields that its README still lists, and `own`. */
export function notificationDecoder(own: OwnFields = NOTHING_OWN): Decode {
  const fields = struct({ ...gorushFields, platform: platformDecoder(own.platforms), ...own.fields });
  return decoder(fields.schema, (value, decoding) => {
    if (value === null) return { tokens: [], platform: 0 };
    const decoded = fields(value, decoding) as JsonObject | undefined;
    if (decoded === undefined) return undefined;
    decoded.tokens ??= [];
    decoded.platform ??= 0;
    return decoded;
  });
}

/** With Gorush's fields alone. */
export const notification = notificationDecoder();
