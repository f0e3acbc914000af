import { linkOf } from '../carrier/link.ts';
import { fieldOf } from '../carrier/provider-row.ts';
import type { JsonObject, Notification } from '../push/push.ts';

/** A token as Expo gives it to apps; older ones are bare UUIDs. */
const TOKEN = /^Expo(?:nent)?PushToken\[[^\]\s]{1,100}\]$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

export const isExpoToken = (text: string): boolean => TOKEN.test(text) || UUID.test(text);

/** Fields of Expo's message that the request's object `expo` may set, in Expo's own words. */
const OWN = [
  'title',
  'subtitle',
  'body',
  'data',
  'sound',
  'ttl',
  'expiration',
  'priority',
  'interruptionLevel',
  'badge',
  'channelId',
  'icon',
  'richContent',
  'categoryId',
  'mutableContent',
  'collapseId',
  'tag',
  '_contentAvailable',
] as const;

const PRIORITIES: Readonly<Record<string, string>> = {
  low: 'normal',
  normal: 'normal',
  high: 'high',
  critical: 'high',
};
const LEVELS = new Set(['active', 'critical', 'passive', 'time-sensitive']);

/** `data` with the link beside it, where the app finds it. */
function dataOf(notification: Notification): JsonObject | undefined {
  const url = linkOf(notification);
  return url === '' ? notification.data : { url, ...notification.data };
}

/** A message without `to`, built once for a notification. */
export function expoMessage(notification: Notification): JsonObject {
  const { title, message, image, sound, badge, category, priority = '', expiration } = notification;
  const { interruption_level: level = '', collapse_id: collapse } = notification;
  const fields: JsonObject = {
    title: title || undefined,
    body: message || undefined,
    data: dataOf(notification),
    sound: sound === '' ? undefined : sound,
    badge,
    expiration: expiration !== undefined && expiration > 0 ? expiration : undefined,
    ttl: expiration === 0 ? 0 : undefined,
    priority: PRIORITIES[priority.toLowerCase()],
    interruptionLevel: LEVELS.has(level) ? level : undefined,
    categoryId: category || undefined,
    collapseId: collapse || undefined,
    richContent: image ? { image } : undefined,
    mutableContent: notification.mutable_content || undefined,
    _contentAvailable: notification.content_available || undefined,
  };
  const own = fieldOf<JsonObject>(notification, 'expo') ?? {};
  for (const key of OWN) if (own[key] !== undefined) fields[key] = own[key];
  return fields;
}
