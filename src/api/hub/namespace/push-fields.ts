import type { DirectPush } from '../../../hub/direct/direct-push.ts';
import { parseDuration } from '../../../kit/duration.ts';
import {
  anyObject,
  flag,
  nameOf,
  parsed,
  type Reader,
  readBody,
  type Shape,
  shape,
  textOf,
} from '../../../kit/json/readers.ts';
import type { JsonObject } from '../../../push/push.ts';
import { unprocessable } from '../hub-refusal.ts';

const LONGEST = 65_536;

const count: Reader<number> = (value, at, faults) => {
  if (Number.isInteger(value) && (value as number) >= 0) return value as number;
  faults.push({ path: at, reason: 'must be a whole number, 0 or more' });
  return undefined;
};

const duration: Reader<number> = (value, at, faults) => {
  const ms = parseDuration(value);
  if (ms === undefined) faults.push({ path: at, reason: 'must be a duration, such as 3600 or "1h"' });
  return ms;
};

/** What every message may say; `ttl`, and the two that choose providers, are beyond what the original takes over HTTP. */
export const pushFields = {
  title: textOf(LONGEST),
  body: textOf(LONGEST),
  channel: textOf(256),
  priority: parsed((text) => (['', 'normal', 'high'].includes(text) ? text : undefined), 'normal or high'),
  badge: count,
  sound: textOf(256),
  data: anyObject as Reader<JsonObject>,
  message_id: textOf(1024),
  content_available: flag,
  ttl: duration,
};

export const chooseFields = { target_provider: nameOf(64), exclude_provider: nameOf(64) };

/** Reads a whole body. @throws HubRefusal that names each place */
export function readFields<const Fields extends Readonly<Record<string, Reader<unknown>>>>(
  fields: Fields,
  body: unknown,
): Shape<Fields> {
  const read = readBody(shape(fields), body);
  if (Array.isArray(read)) throw unprocessable(...read);
  return read as Shape<Fields>;
}

/** @throws HubRefusal when it is not there */
export function must<T>(value: T | undefined, path: string): T {
  if (value === undefined || value === '') throw unprocessable({ path, reason: 'is required' });
  return value;
}

type Given = Shape<typeof pushFields>;

/** `content_available` may be in the data, where the original's callers have it. */
export function pushOf({ priority, message_id, ttl, content_available, data, ...texts }: Given): DirectPush {
  const silent = content_available === undefined ? {} : { content_available };
  const all = data || content_available !== undefined ? { data: { ...data, ...silent } } : {};
  return {
    ...texts,
    ...all,
    priority: priority === 'high' ? 'high' : 'normal',
    ...(message_id ? { messageId: message_id } : {}),
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
  };
}
