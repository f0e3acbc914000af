import type { Json } from '../push/push.ts';

export type HmsObject = { readonly [field: string]: Json | undefined };

/** A result code and its text. */
export type HmsRefusal = readonly [code: string, msg: string];

const structure: HmsRefusal = ['80100003', 'Message structure error'];
const parameter = (what: string): HmsRefusal => ['80100001', `Parameters check error: ${what}`];

export const isHmsObject = (value: unknown): value is HmsObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const child = (value: HmsObject | undefined, name: string): HmsObject | undefined => {
  const inner = value?.[name];
  return isHmsObject(inner) ? inner : undefined;
};

const TTL = /^\d+(\.\d{1,9})?[sS]?$/;
const COLOR = /^#[0-9a-f]{6}$/i;
/** Bytes of a message without its tokens. */
const MOST = 4096;
const MOST_TOKENS = 1000;

function badTarget(message: HmsObject): HmsRefusal | undefined {
  const { token, topic, condition } = message;
  if ([token, topic, condition].filter((one) => one !== undefined && one !== '').length !== 1) return structure;
  if (token === undefined) return undefined;
  if (!Array.isArray(token)) return structure;
  return token.length < 1 || token.length > MOST_TOKENS ? ['80300010', 'Tokens exceed the default value'] : undefined;
}

function badAndroid(android: HmsObject): HmsRefusal | undefined {
  const { collapse_key: key, ttl, urgency } = android;
  if (key !== undefined && !(Number.isInteger(key) && Number(key) >= -1 && Number(key) <= 100)) {
    return ['80100013', 'Collapse_key is illegal, please check'];
  }
  if (ttl !== undefined && !TTL.test(String(ttl))) return parameter('ttl');
  if (urgency !== undefined && urgency !== 'HIGH' && urgency !== 'NORMAL') return parameter('urgency');
  return undefined;
}

function badNotification(notification: HmsObject, common: HmsObject | undefined): HmsRefusal | undefined {
  if (!child(notification, 'click_action')) return parameter('click_action');
  if (!(notification.title ?? common?.title) || !(notification.body ?? common?.body)) return parameter('title or body');
  const { color } = notification;
  return color === undefined || COLOR.test(String(color)) ? undefined : parameter('color');
}

/** What Huawei says against the body of `messages:send`, or undefined. Source: Push Kit, Downlink Message Sending API. */
export function hmsRefusal(body: Json | undefined): HmsRefusal | undefined {
  const message = isHmsObject(body) ? child(body, 'message') : undefined;
  if (!message) return structure;
  const { token: _, ...untargeted } = message;
  if (Buffer.byteLength(JSON.stringify(untargeted)) > MOST) {
    return ['80300008', 'The message body size exceeds the default value set by the system (4K)'];
  }
  if (message.data !== undefined && typeof message.data !== 'string') return structure;
  const android = child(message, 'android');
  const notification = child(android, 'notification');
  return (
    badTarget(message) ??
    (android ? badAndroid(android) : undefined) ??
    (notification ? badNotification(notification, child(message, 'notification')) : undefined)
  );
}
