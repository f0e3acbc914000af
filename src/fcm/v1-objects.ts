/**
 * The objects of a v1 message as Google's Go client writes them: empty values left out where it leaves them out, durations in
 * Google's spelling, everything that is not its own kept as the caller wrote it.
 */
import type { Json, JsonObject } from '../push/push.ts';
import { parseDuration } from './duration.ts';
import { asObject, asText, omitEmpty, omitEmptyMap } from './json-object.ts';

const duration = (value: Json | undefined): Json | undefined =>
  typeof value === 'string' ? (parseDuration(value)?.text ?? value) : value;

const nested = (value: Json | undefined, write: (object: JsonObject) => JsonObject): JsonObject | undefined => {
  const object = asObject(value);
  return object && write(object);
};
const plain = (value: Json | undefined, ...keep: readonly string[]): JsonObject | undefined =>
  nested(value, (object) => omitEmpty(object, ...keep));

/** A missing alpha is left to Google, for whom the light then is opaque; Go would write 0, an invisible light. */
const light = (given: JsonObject): JsonObject => {
  const color = asObject(given.color) ?? {};
  return {
    color: { red: color.red ?? 0, green: color.green ?? 0, blue: color.blue ?? 0, alpha: color.alpha ?? undefined },
    light_on_duration: duration(given.light_on_duration),
    light_off_duration: duration(given.light_off_duration),
  };
};

const androidNotification = (given: JsonObject): JsonObject =>
  omitEmpty(
    {
      ...given,
      vibrate_timings: Array.isArray(given.vibrate_timings)
        ? given.vibrate_timings.map((each) => duration(each) ?? null)
        : undefined,
      light_settings: nested(given.light_settings, light),
    },
    'notification_count',
  );

export const androidConfig = (given: JsonObject): JsonObject =>
  omitEmpty({
    ...given,
    ttl: duration(given.ttl),
    data: omitEmptyMap(given.data),
    notification: nested(given.notification, androidNotification),
    fcm_options: plain(given.fcm_options),
  });

/** Standard keys with empty values count as custom ones, which are kept. */
const webpushNotification = (given: JsonObject): JsonObject =>
  Array.isArray(given.actions) ? { ...given, actions: given.actions.map((action) => plain(action) ?? action) } : given;

export const webpushConfig = (given: JsonObject): JsonObject =>
  omitEmpty({
    ...given,
    headers: omitEmptyMap(given.headers),
    data: omitEmptyMap(given.data),
    notification: nested(given.notification, webpushNotification),
    fcm_options: plain(given.fcm_options),
  });

const aps = (given: JsonObject): JsonObject => ({
  ...given,
  ...(asObject(given.alert) ? { alert: plain(given.alert) } : {}),
  // A critical sound of volume 0 is mute; without the key its volume is Apple's default.
  ...(asObject(given.sound) ? { sound: plain(given.sound, 'volume') } : {}),
});

/** The client writes `aps` always. */
const apnsPayload = (given: JsonObject): JsonObject => ({ ...given, aps: nested(given.aps, aps) ?? null });

export const apnsConfig = (given: JsonObject): JsonObject =>
  omitEmpty({
    headers: omitEmptyMap(given.headers),
    payload: nested(given.payload, apnsPayload),
    fcm_options: plain(given.fcm_options),
    live_activity_token: asText(given.live_activity_token),
  });

export const notificationObject = ({ title, body, image }: JsonObject): JsonObject =>
  omitEmpty({ title: asText(title), body: asText(body), image: asText(image) });

export const fcmOptions = (given: JsonObject): JsonObject => omitEmpty(given);
