import { hopelessSize } from '../carrier/payload-size.ts';
import { isObject } from '../kit/is-object.ts';
import type { Failed, Json, JsonObject, Notification, TargetKind } from '../push/push.ts';
import { androidMistake } from './validation.ts';

/** The request body without its target: `hmsBody` puts one between the two texts. */
export interface HmsMessage {
  readonly ok: true;
  readonly before: string;
  readonly after: string;
}

type Kind = 'string' | 'integer' | 'boolean' | 'strings' | 'map' | Shape;
/**
 * Key, kind, and when a zero value is written: `always`, also when the key is absent; `given`, when the caller wrote it, because HMS
 * takes an absent key for something else. In the order of go-hms-push's structs.
 */
type Shape = readonly (readonly [key: string, kind: Kind, zero?: 'always' | 'given'])[];

const CLICK_ACTION: Shape = [
  ['type', 'integer', 'always'],
  ['intent', 'string'],
  ['action', 'string'],
  ['url', 'string'],
  ['rich_resource', 'string'],
];

const BADGE: Shape = [
  ['add_num', 'integer'],
  // 0 clears the badge.
  ['set_num', 'integer', 'given'],
  ['class', 'string'],
];

const COLOR: Shape = [
  ['alpha', 'integer', 'always'],
  ['red', 'integer', 'always'],
  ['green', 'integer', 'always'],
  ['blue', 'integer', 'always'],
];

const LIGHT_SETTINGS: Shape = [
  ['color', COLOR],
  ['light_on_duration', 'string'],
  ['light_off_duration', 'string'],
];

/** Huawei's AndroidNotification as far as go-hms-push knows it; `when` is not read by it, and so not sent. */
const NOTIFICATION: Shape = [
  ['title', 'string'],
  ['body', 'string'],
  ['icon', 'string'],
  ['color', 'string'],
  ['sound', 'string'],
  ['default_sound', 'boolean', 'given'],
  ['tag', 'string'],
  ['click_action', CLICK_ACTION],
  ['body_loc_key', 'string'],
  ['body_loc_args', 'strings'],
  ['title_loc_key', 'string'],
  ['title_loc_args', 'strings'],
  ['multi_lang_key', 'map'],
  ['channel_id', 'string'],
  ['notify_summary', 'string'],
  ['image', 'string'],
  ['style', 'integer'],
  ['big_title', 'string'],
  ['big_body', 'string'],
  ['auto_clear', 'integer'],
  ['notify_id', 'integer', 'given'],
  ['group', 'string'],
  ['badge', BADGE],
  ['ticker', 'string'],
  ['auto_cancel', 'boolean', 'given'],
  ['importance', 'string'],
  ['use_default_vibrate', 'boolean', 'given'],
  ['use_default_light', 'boolean', 'given'],
  ['vibrate_config', 'strings'],
  ['visibility', 'string'],
  ['light_settings', LIGHT_SETTINGS],
  ['foreground_show', 'boolean', 'always'],
];

const DEFAULT_CLICK_ACTION: JsonObject = { type: 1, action: 'Action' };

const DEFAULT_NOTIFICATION: JsonObject = {
  default_sound: true,
  click_action: DEFAULT_CLICK_ACTION,
  auto_cancel: true,
  importance: 'NORMAL',
  use_default_vibrate: true,
  use_default_light: true,
  visibility: 'PRIVATE',
  foreground_show: true,
};

const ZERO: Record<Exclude<Kind, Shape>, Json> = { string: '', integer: 0, boolean: false, strings: [], map: {} };

/** A value of its kind, or undefined for a zero one: what Go's `omitempty` leaves out. */
function fieldOf(value: Json | undefined, kind: Kind): Json | undefined {
  if (Array.isArray(kind)) return isObject(value) ? shaped(value, kind as Shape) : undefined;
  switch (kind as Exclude<Kind, Shape>) {
    case 'integer':
      return typeof value === 'number' && value !== 0 ? value : undefined;
    case 'strings':
      return Array.isArray(value) && value.length > 0
        ? value.map((item) => (typeof item === 'string' ? item : ''))
        : undefined;
    case 'map':
      return isObject(value) && Object.keys(value).length > 0 ? value : undefined;
    default:
      return typeof value === kind && value ? value : undefined;
  }
}

function shaped(from: JsonObject, shape: Shape): JsonObject {
  const to: JsonObject = {};
  for (const [key, kind, zero] of shape) {
    const written = zero === 'always' || (zero === 'given' && from[key] !== undefined);
    const value = fieldOf(from[key], kind) ?? (written ? ZERO[kind as Exclude<Kind, Shape>] : undefined);
    if (value !== undefined) to[key] = value;
  }
  return to;
}

/** HMS wants a sound or the default one: `default_sound: false` counts where another is named. */
const hasOwnSound = ({ sound, default_sound }: JsonObject): boolean => Boolean(sound) && default_sound === false;

/** The caller's own notification object, or Gorush's default one once there is anything to show; else none. */
function notificationOf({
  huawei_notification: own,
  message,
  title,
  image,
  sound,
}: Notification): JsonObject | undefined {
  const name = typeof sound === 'string' ? sound : '';
  if (!own && !message && !title && !image && !name) return undefined;
  const base = own ? { ...own, click_action: own.click_action ?? DEFAULT_CLICK_ACTION } : DEFAULT_NOTIFICATION;
  const merged: JsonObject = {
    ...base,
    ...(message ? { body: message } : {}),
    ...(title ? { title } : {}),
    ...(image ? { image } : {}),
    ...(name ? { sound: name } : { default_sound: hasOwnSound(base) ? base.default_sound : true }),
    visibility: base.visibility || 'PRIVATE',
  };
  return shaped(merged, NOTIFICATION);
}

function androidOf(notification: Notification): JsonObject {
  const { huawei_collapse_key, priority, category, huawei_ttl, bi_tag, fast_app_target } = notification;
  const shown = notificationOf(notification);
  return {
    // 0: only the newest of an app waits for the device; absent: all do.
    ...(huawei_collapse_key === undefined ? {} : { collapse_key: huawei_collapse_key }),
    urgency: priority === 'high' ? 'HIGH' : 'NORMAL',
    ...(category ? { category } : {}),
    ttl: huawei_ttl || '86400s',
    ...(bi_tag ? { bi_tag } : {}),
    ...(fast_app_target ? { fast_app_target } : {}),
    ...(shown ? { notification: shown } : {}),
  };
}

const refused = (error: string): { ok: false; outcome: Failed } => ({
  ok: false,
  outcome: { kind: 'failed', category: 'invalid_request', reason: 'InvalidMessage', error },
});

/**
 * Gorush's message for HMS v1, with its defaults; checked as go-hms-push 1.0.1 checks it, in its order and words. A topic
 * together with a condition is refused; tokens beside one of them are a delivery of their own.
 */
export function hmsMessage(notification: Notification): HmsMessage | { ok: false; outcome: Failed } {
  if (notification.topic && notification.condition) return refused('token, topics or condition must be choice one');
  const android = androidOf(notification);
  const mistake = androidMistake(android);
  if (mistake !== undefined) return refused(mistake);
  const message = { ...(notification.huawei_data ? { data: notification.huawei_data } : {}), android };
  const before = `{"validate_only":false,"message":${JSON.stringify(message).slice(0, -1)},`;
  const hopeless = hopelessSize(before.length, notification);
  return hopeless ? { ok: false, outcome: hopeless } : { ok: true, before, after: '}}' };
}

/** The whole body for up to 1,000 tokens, or for the one topic or condition. */
export function hmsBody(message: HmsMessage, kind: TargetKind, targets: readonly string[]): Buffer {
  const target = JSON.stringify(kind === 'token' ? targets : targets[0]);
  return Buffer.from(`${message.before}"${kind}":${target}${message.after}`);
}
