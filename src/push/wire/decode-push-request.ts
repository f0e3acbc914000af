import { Buffer } from 'node:buffer';
import type { Json, JsonObject, Notification } from '../push.ts';
import { isJsonObject } from '../raw-json.ts';
import type { Decode, Decoding, FieldMistake } from './decoding.ts';
import { list } from './go-types.ts';
import { findExcess, findTooManyTargets, isTooDeep, type JsonLimits, mayHoldMore } from './json-limits.ts';
import { type FieldWarning, Misspelled } from './misspelled.ts';
import { notificationDecoder, type OwnFields } from './notification-fields.ts';
import { parseJson } from './parse-json.ts';
import { struct } from './struct.ts';

export type DecodedRequest =
  /** May be empty: Gorush answers that, and too many, with messages of their own. */
  | { readonly ok: true; readonly notifications: Notification[]; readonly warnings?: readonly FieldWarning[] }
  /**
   * Gorush answers all of these with 400 `Missing notifications field.`; at most 20 details. `count` of notifications: they are
   * more than `limits.notifications`, which Gorush answers with a message of its own.
   */
  | { readonly ok: false; readonly details: FieldMistake[]; readonly count?: number };

const POSITION = / in JSON at position (\d+) \(line \d+ column \d+\)$/;

/** Reads requests; made once for the fields that they can have. */
export interface PushDecoder {
  /** Of one notification. */
  readonly notification: Decode;
  /**
   * Decodes the body of `POST /api/push` as Go's encoding/json decodes it into Gorush's structs: the same bodies are refused, the
   * same keys are read (any case), null is like absent. Never throws. Without `limits` a body may be nested 10,000 deep.
   */
  decode(body: Uint8Array | string, limits?: JsonLimits): DecodedRequest;
}

export function createPushDecoder(own?: OwnFields): PushDecoder {
  const notification = notificationDecoder(own);
  const request = struct({ notifications: list(notification) });
  const misspelled = new Misspelled(Object.keys((notification.schema.properties ?? {}) as object));
  return { notification, decode: (body, limits) => decodeRequest({ request, misspelled }, body, limits) };
}

/** Of requests that Gorush knows. */
export const decodePushRequest = createPushDecoder().decode;

interface RequestReader {
  readonly request: Decode;
  readonly misspelled: Misspelled;
}

function decodeRequest(
  { request, misspelled }: RequestReader,
  body: Uint8Array | string,
  limits: JsonLimits | undefined,
): DecodedRequest {
  try {
    const text = textOf(body);
    const excess = limits && mayHoldMore(text, limits) ? findExcess(text, limits) : undefined;
    if (excess) return refused([excess]);
    const { value, careful } = parseJson(text);
    if (limits && isTooDeep(text, value, limits)) return refused([findExcess(text, limits) as FieldMistake]);
    const count = countOf(value);
    if (count > (limits?.notifications ?? count))
      return { ok: false, count, details: [{ path: 'notifications', reason: 'are more than core.max_notification' }] };
    const decoding: Decoding = { careful, mistakes: [] };
    const decoded = value === null ? {} : request(value, decoding);
    if (decoding.mistakes.length > 0) return refused(decoding.mistakes);
    const { notifications } = decoded as unknown as { notifications?: Notification[] };
    if (!notifications) return refused([{ path: 'notifications', reason: 'is required' }]);
    const beyond = limits && findTooManyTargets(notifications, limits);
    if (beyond) return refused([beyond]);
    // A request that has nothing but fields is not copied, and need not be looked at.
    const warnings = decoded === value ? [] : misspelled.in(value as JsonObject);
    return warnings.length > 0 ? { ok: true, notifications, warnings } : { ok: true, notifications };
  } catch (thrown) {
    return refused([{ path: '', reason: reasonOf(thrown, body) }]);
  }
}

const refused = (mistakes: readonly FieldMistake[]): DecodedRequest => ({
  ok: false,
  details: mistakes.map(({ path, reason }) => ({ path: path || '$', reason })),
});

/** Notifications under the name that callers use, before anything of them is looked at. */
function countOf(value: Json): number {
  const { notifications } = (isJsonObject(value) ? value : {}) as JsonObject;
  return Array.isArray(notifications) ? notifications.length : 0;
}

/** Invalid UTF-8 and lone surrogates become U+FFFD. A byte order mark stays, and is refused, as Go refuses it. */
function textOf(body: Uint8Array | string): string {
  if (typeof body === 'string') return body.toWellFormed();
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** V8's own text quotes the body, so only its position is shown. */
function reasonOf(thrown: unknown, body: Uint8Array | string): string {
  if (body.length === 0) return 'the body is empty';
  if (thrown instanceof RangeError) return 'is nested too deeply';
  const position = POSITION.exec(thrown instanceof SyntaxError ? thrown.message : '')?.[1];
  return position === undefined ? 'is not valid JSON' : `is not valid JSON at position ${position}`;
}
