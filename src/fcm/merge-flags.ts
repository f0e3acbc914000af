import { HEX_COLOR } from '../carrier/hex-color.ts';
import type { Json, JsonObject, Notification } from '../push/push.ts';
import { asObject, asText } from './json-object.ts';

/** Texts of the legacy `notification` object, and what they are called in `android.notification`. */
const LEGACY = {
  icon: 'icon',
  tag: 'tag',
  color: 'color',
  sound: 'sound',
  click_action: 'click_action',
  android_channel_id: 'channel_id',
  body_loc_key: 'body_loc_key',
  title_loc_key: 'title_loc_key',
} as const;
const LEGACY_ARGUMENTS = { body_loc_args: 'body_loc_key', title_loc_args: 'title_loc_key' } as const;

/** Fills what `given` leaves open; what the caller wrote there wins. An empty text or null leaves it open, 0 and false do not. */
const fill = (given: JsonObject | undefined, defaults: JsonObject): JsonObject => ({
  ...given,
  ...Object.fromEntries(
    Object.entries(defaults).filter(([key]) => !given || !Object.hasOwn(given, key) || isOpen(given[key])),
  ),
});
const isOpen = (value: Json | undefined): boolean => value === undefined || value === null || value === '';

const ownText = (sound: Json | undefined): string | undefined => (typeof sound === 'string' ? sound : undefined);

/**
 * `apns` with `content_available`, `mutable_content` and `sound` merged into it; what the caller wrote there wins. With
 * `content_available`, `data` goes into the `aps` dictionary too, as Gorush does.
 */
export function apnsWithFlags(notification: Notification): JsonObject | undefined {
  const { content_available, mutable_content, data } = notification;
  const sound = ownText(notification.sound);
  const given = asObject(notification.apns);
  if (!content_available && !mutable_content && sound === undefined) return given;
  const payload = asObject(given?.payload);
  const aps = fill(asObject(payload?.aps), {
    ...(mutable_content ? { 'mutable-content': 1 } : {}),
    ...(content_available ? { ...data, 'content-available': 1 } : {}),
    ...(sound ? { sound } : {}),
  });
  return {
    ...given,
    ...(content_available ? { headers: withPriority(asObject(given?.headers)) } : {}),
    payload: { ...payload, aps },
  };
}

/** Header names know no case; a background push must not have the priority of an alert. */
const withPriority = (headers: JsonObject | undefined): JsonObject =>
  Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'apns-priority')
    ? { ...headers }
    : { ...headers, 'apns-priority': '5' };

/** `android` with `priority`, `sound` and the legacy keys of `notification` merged into it; what the caller wrote there wins. */
export function androidWithFlags(notification: Notification): JsonObject | undefined {
  const { priority } = notification;
  const sound = ownText(notification.sound);
  const given = asObject(notification.android);
  const legacy = legacyNotification(asObject(notification.notification));
  const inner: JsonObject = { ...legacy, ...(sound ? { sound } : {}) };
  // Gorush makes the notification for any text sound, also an empty one, when there is no `android` to be kept.
  const needsInner = Object.keys(inner).length > 0 || (sound !== undefined && !given);
  if (!priority && !needsInner) return given;
  return {
    ...(priority ? fill(given, { priority }) : given),
    ...(needsInner ? { notification: fill(asObject(given?.notification), inner) } : {}),
  };
}

/** What the v1 API would refuse is left out, as Gorush leaves out all of it. */
function legacyNotification(given: JsonObject | undefined): JsonObject {
  const result: JsonObject = {};
  if (!given) return result;
  for (const [from, to] of Object.entries(LEGACY)) {
    const value = asText(given[from]);
    if (value && (from !== 'color' || HEX_COLOR.test(value))) result[to] = value;
  }
  for (const [name, key] of Object.entries(LEGACY_ARGUMENTS)) {
    const list = given[name];
    if (Array.isArray(list) && list.length > 0 && result[key]) result[name] = list;
  }
  return result;
}

/**
 * A key of `data` that `content_available` would put into `aps` beside the one that a flag writes there. Google's client refuses
 * such a message.
 */
export function doubledApsKey({ content_available, data, sound }: Notification): string | undefined {
  if (!content_available || !data) return undefined;
  if (Object.hasOwn(data, 'content-available')) return 'content-available';
  return ownText(sound) && Object.hasOwn(data, 'sound') ? 'sound' : undefined;
}
