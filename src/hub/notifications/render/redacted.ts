import { isObject } from '../../../kit/is-object.ts';
import type { JsonObject } from '../../../push/push.ts';
import type { NotificationDoc } from '../notification-doc.ts';

/** An object without what a path of names leads to. Unchanged when it leads nowhere. */
function without(object: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject {
  if (!Object.hasOwn(object, name)) return object;
  if (rest.length === 0) return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
  const inner = object[name];
  return isObject(inner) ? { ...object, [name]: without(inner as JsonObject, rest) } : object;
}

/**
 * A notification without the fields of these paths (`data.amount`); what is not there is no error. Without any text left it has the
 * neutral one: a push without text is not shown.
 */
export function redacted<Doc extends Pick<NotificationDoc, 'title' | 'message'>>(
  doc: Doc,
  paths: readonly string[],
  neutral: string,
): Doc {
  if (paths.length === 0) return doc;
  const left = paths.reduce<JsonObject>((rest, path) => without(rest, path.split('.')), doc as unknown as JsonObject);
  const had = doc.title || doc.message;
  return (had && !left.title && !left.message ? { ...left, message: neutral } : left) as unknown as Doc;
}

/** What of a sender's own words for a platform says the same as a field. */
const SAME_AS: Readonly<Record<string, readonly string[]>> = {
  title: ['title', 'subject'],
  message: ['message', 'body', 'text', 'html', 'blocks'],
  url: ['url', 'click_action', 'click', 'navigate'],
  image: ['image', 'icon', 'attach', 'richContent'],
};
/** Objects that hold words of a message in ways of their own. */
const WITH_TEXT = [
  'alert',
  'notification',
  'android',
  'webpush',
  'apns',
  'huawei_notification',
  'huawei_data',
  'headers',
];

/** A sender's fields for a platform, without those that say what a path takes away. */
export function redactedOverride(override: JsonObject, paths: readonly string[]): JsonObject {
  const heads = paths.map((path) => path.split('.')[0] ?? '');
  const names = new Set(heads.flatMap((head) => [head, ...(SAME_AS[head] ?? [])]));
  const dropped = heads.length > 0 ? new Set([...names, ...WITH_TEXT]) : names;
  // `data.amount` leaves the other data as it is.
  const partial = paths.filter((path) => path.includes('.'));
  for (const path of partial) if (!paths.includes(path.split('.')[0] ?? '')) dropped.delete(path.split('.')[0] ?? '');
  const kept = Object.fromEntries(Object.entries(override).filter(([name]) => !dropped.has(name)));
  return partial.reduce<JsonObject>((rest, path) => without(rest, path.split('.')), kept);
}

/** What says nothing, and may lie over a neutral text. */
const SAFE: ReadonlySet<string> = new Set([
  'topic',
  'push_type',
  'sound',
  'name',
  'volume',
  'badge',
  'interruption_level',
  'priority',
  'ttl',
  'urgency',
  'channelId',
]);

export const neutralOverride = (override: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(override).filter(([name]) => SAFE.has(name)));
