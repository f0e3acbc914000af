/**
 * What Google's Go client refuses to send (firebase-admin-go, messaging_utils.go), in its order and words. What it refuses when
 * it decodes a request is checked where the request is decoded.
 */
import { HEX_COLOR } from '../carrier/hex-color.ts';
import type { Json, JsonObject } from '../push/push.ts';
import { asObject, asText } from './json-object.ts';
import { requestUriScheme } from './request-uri.ts';

/** Texts as Go's `%q` writes them, near enough. */
const quoted = (text: string): string => JSON.stringify(text);
const hasItems = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0;
const isNegative = (value: Json | undefined): boolean => asText(value).startsWith('-');

const imageFault = (image: Json | undefined): string | undefined => {
  const url = asText(image);
  return url !== '' && requestUriScheme(url) === undefined ? `invalid image URL: ${quoted(url)}` : undefined;
};

const argumentsFault = (object: JsonObject, args: string, key: string, told: string): string | undefined =>
  hasItems(object[args]) && !asText(object[key]) ? `${told}Key is required when specifying ${told}Args` : undefined;

const isFraction = (value: Json | undefined): boolean =>
  value === undefined || (typeof value === 'number' && value >= 0 && value <= 1);

function lightFault(light: JsonObject): string | undefined {
  const color = asObject(light.color) ?? {};
  if (![color.red, color.green, color.blue, color.alpha].every(isFraction)) {
    return 'color must be in #RRGGBB or #RRGGBBAA form';
  }
  if (isNegative(light.light_on_duration)) return 'lightOnDuration must not be negative';
  return isNegative(light.light_off_duration) ? 'lightOffDuration must not be negative' : undefined;
}

function androidNotificationFault(notification: JsonObject): string | undefined {
  const color = asText(notification.color);
  const timings = Array.isArray(notification.vibrate_timings) ? notification.vibrate_timings : [];
  const light = asObject(notification.light_settings);
  if (color && !HEX_COLOR.test(color)) return 'color must be in the #RRGGBB form';
  return (
    argumentsFault(notification, 'title_loc_args', 'title_loc_key', 'titleLoc') ??
    argumentsFault(notification, 'body_loc_args', 'body_loc_key', 'bodyLoc') ??
    imageFault(notification.image) ??
    (timings.some(isNegative) ? 'vibrateTimingMillis must not be negative' : undefined) ??
    (light && lightFault(light))
  );
}

function androidFault(android: JsonObject): string | undefined {
  const priority = asText(android.priority);
  const notification = asObject(android.notification);
  if (isNegative(android.ttl)) return 'ttl duration must not be negative';
  if (priority && priority !== 'normal' && priority !== 'high') return "priority must be 'normal' or 'high'";
  return notification && androidNotificationFault(notification);
}

function webpushFault(webpush: JsonObject): string | undefined {
  const notification = asObject(webpush.notification);
  const options = asObject(webpush.fcm_options);
  if (!notification) return undefined;
  if (!['', 'ltr', 'rtl', 'auto'].includes(asText(notification.dir))) return "direction must be 'ltr', 'rtl' or 'auto'";
  if (!options) return undefined;
  const link = asText(options.link);
  const scheme = requestUriScheme(link);
  if (scheme === undefined) return `invalid link URL: ${quoted(link)}`;
  return scheme === 'https' ? undefined : `invalid link URL: ${quoted(link)}; want scheme: "https"`;
}

function alertFault(alert: JsonObject): string | undefined {
  return (
    argumentsFault(alert, 'title-loc-args', 'title-loc-key', 'titleLoc') ??
    argumentsFault(alert, 'subtitle-loc-args', 'subtitle-loc-key', 'subtitleLoc') ??
    argumentsFault(alert, 'loc-args', 'loc-key', 'loc')
  );
}

function apnsFault(apns: JsonObject): string | undefined {
  const aps = asObject(asObject(apns.payload)?.aps);
  const volume = asObject(aps?.sound)?.volume;
  const alert = asObject(aps?.alert);
  return (
    imageFault(asObject(apns.fcm_options)?.image) ??
    (isFraction(volume) ? undefined : 'critical sound volume must be in the interval [0, 1]') ??
    (alert && alertFault(alert))
  );
}

/** What is wrong with a v1 message, target aside; undefined when it may be sent. */
export function messageFault(message: JsonObject): string | undefined {
  const part = (key: string, check: (object: JsonObject) => string | undefined): string | undefined => {
    const object = asObject(message[key]);
    return object && check(object);
  };
  return (
    part('notification', ({ image }) => imageFault(image)) ??
    part('android', androidFault) ??
    part('webpush', webpushFault) ??
    part('apns', apnsFault)
  );
}
