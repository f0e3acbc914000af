import { HEX_COLOR } from '../carrier/hex-color.ts';
import type { Json, JsonObject } from '../push/push.ts';

type Check = (value: JsonObject) => string | undefined;

// go-hms-push's pattern is not anchored, and its first branch is \d+: a text with a digit anywhere passes.
const HAS_DIGIT = /\d/;

const oneOf =
  (key: string, allowed: readonly string[], text: string): Check =>
  ({ [key]: value }) =>
    value === undefined || allowed.includes(value as string) ? undefined : text;

const timed = (value: Json | undefined): boolean => typeof value === 'string' && HAS_DIGIT.test(value);

const within = (value: Json | undefined, low: number, high: number): boolean =>
  value === undefined || (typeof value === 'number' && value >= low && value <= high);

const bigText: Check = ({ style, big_title, big_body }) => {
  if (style !== 1) return undefined;
  if (!big_title) return 'big_title must not be empty when style is 1';
  return big_body ? undefined : 'big_body must not be empty when style is 1';
};

const vibration: Check = ({ vibrate_config: timings }) => {
  if (!Array.isArray(timings)) return undefined;
  if (timings.length > 10) return "vibrate_timings can't be more than 10 elements";
  return timings.every(timed) ? undefined : 'malformed vibrate_timings';
};

const light: Check = ({ light_settings }) => {
  if (light_settings === undefined) return undefined;
  const { color, light_on_duration, light_off_duration } = light_settings as JsonObject;
  if (color === undefined) return "light_settings.color can't be nil";
  if (!timed(light_on_duration)) return 'light_settings.light_on_duration is empty or malformed';
  return timed(light_off_duration) ? undefined : 'light_settings.light_off_duration is empty or malformed';
};

const clickAction: Check = ({ click_action }) => {
  if (click_action === undefined) return 'click_action object must not be null';
  const { type, intent, action, url, rich_resource } = click_action as JsonObject;
  switch (type) {
    case 1:
      return intent || action ? undefined : 'at least one of intent and action is not empty when type is 1';
    case 2:
      return url ? undefined : 'url must not be empty when type is 2';
    case 3:
      return undefined;
    case 4:
      return rich_resource ? undefined : 'rich_resource must not be empty when type is 4';
    default:
      return 'type must be in the interval [1 - 4]';
  }
};

const NOTIFICATION: readonly Check[] = [
  ({ sound, default_sound }) =>
    sound || default_sound ? undefined : 'sound must not be empty when default_sound is false',
  bigText,
  oneOf('importance', ['HIGH', 'NORMAL', 'LOW'], "Importance must be 'HIGH', 'NORMAL' or 'LOW'"),
  vibration,
  oneOf(
    'visibility',
    ['VISIBILITY_UNSPECIFIED', 'PRIVATE', 'PUBLIC', 'SECRET'],
    'visibility must be VISIBILITY_UNSPECIFIED, PRIVATE, PUBLIC or SECRET',
  ),
  light,
  ({ color }) =>
    color === undefined || HEX_COLOR.test(color as string) ? undefined : 'color must be in the form #RRGGBB',
  clickAction,
];

const ANDROID: readonly Check[] = [
  ({ collapse_key }) => (within(collapse_key, -1, 100) ? undefined : 'collapse_key must be in interval [-1 - 100]'),
  ({ ttl }) => (timed(ttl) ? undefined : 'malformed ttl'),
  ({ fast_app_target }) => (within(fast_app_target, 1, 2) ? undefined : 'invalid fast_app_target'),
];

const firstMistake = (checks: readonly Check[], value: JsonObject): string | undefined => {
  for (const check of checks) {
    const mistake = check(value);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
};

/** The first thing that go-hms-push's `ValidateMessage` objects to in the `android` part of a message, in its words. */
export function androidMistake(android: JsonObject): string | undefined {
  const { notification } = android;
  return (
    firstMistake(ANDROID, android) ??
    (notification === undefined ? undefined : firstMistake(NOTIFICATION, notification as JsonObject))
  );
}
