import { isObject } from '../../../kit/is-object.ts';
import type { Json, JsonObject } from '../../../push/push.ts';
import type { NotificationDoc } from '../notification-doc.ts';

/** What is taken out of an object, by name; an empty map takes out all of what the name has. */
interface Cuts extends Map<string, Cuts> {}

/** Where a path goes on behind a name; undefined: all of it is taken out anyway. */
function cutsBehind(cuts: Cuts, name: string): Cuts | undefined {
  const known = cuts.get(name);
  if (known?.size === 0) return undefined;
  const inner: Cuts = known ?? new Map();
  cuts.set(name, inner);
  return inner;
}

function cutsOf(paths: readonly string[]): Cuts {
  const root: Cuts = new Map();
  for (const path of paths) {
    const names = path.split('.');
    const last = names.pop() as string;
    let cuts: Cuts | undefined = root;
    for (const name of names) cuts = cuts && cutsBehind(cuts, name);
    cuts?.set(last, new Map());
  }
  return root;
}

const cutFrom = (object: JsonObject, cuts: Cuts): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): [string, Json | undefined][] => {
      const inner = cuts.get(name);
      if (!inner) return [[name, value]];
      if (inner.size === 0) return [];
      return [[name, isObject(value) ? cutFrom(value as JsonObject, inner) : value]];
    }),
  );

/** An object without what paths of names lead to: each object on their way is copied once, however many paths there are. */
const without = (object: JsonObject, paths: readonly string[]): JsonObject =>
  paths.length === 0 ? object : cutFrom(object, cutsOf(paths));

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
  const left = without(doc as unknown as JsonObject, paths);
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
  return without(kept, partial);
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
