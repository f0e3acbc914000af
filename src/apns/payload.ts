import { hopelessSize } from '../carrier/payload-size.ts';
import type { RequestHeader } from '../http2/http2-pool.ts';
import type { Alert, Failed, Json, JsonObject, Notification } from '../push/push.ts';
import { isJsonObject } from '../push/raw-json.ts';
import { isEmpty, single } from './json-values.ts';
import { apnsSound } from './sound.ts';

/** Bytes of a payload that Apple accepts ("Generating a remote notification"). */
const MAX_PAYLOAD = 4096;
const MAX_VOIP_PAYLOAD = 5120;
/** APNs announces MAX_HEADER_LIST_SIZE 8000; a longer value would cost the session rather than one push. */
export const MAX_FIELD = 4096;

/**
 * The JSON text of a notification: `{"aps": {…}, …data}`, as Gorush v1.22 builds it with sideshow/apns2, except that nothing
 * the caller gave is dropped: `message` fills the body of an `alert` object, `data.aps` is laid over the generated `aps` key
 * by key, `name` and `volume` beside a sound object replace only their own key. Never throws on a decoded notification.
 */
export function apnsPayload(notification: Notification): string {
  const data = notification.data ?? {};
  const aps = apsOf(notification);
  if (!Object.hasOwn(data, 'aps')) return JSON.stringify({ ...data, aps });
  // What is no object replaces the whole dictionary, as in Gorush: there is nothing to lay over.
  return JSON.stringify({ ...data, aps: isJsonObject(data.aps) ? { ...aps, ...data.aps } : data.aps });
}

/** The headers of every request of a notification but `authorization`. */
export function apnsHeaders(notification: Notification): RequestHeader[] {
  const headers: RequestHeader[] = [
    { name: 'content-type', value: 'application/json; charset=utf-8', indexing: 'index' },
    { name: 'apns-push-type', value: fieldValue(notification.push_type) || 'alert', indexing: 'index' },
  ];
  // Indexing as Apple advises: what differs with each notification would push the useful entries out of the small table.
  const add = (name: string, value: string, indexing: RequestHeader['indexing']): void => {
    if (value !== '') headers.push({ name, value, indexing });
  };
  add('apns-topic', fieldValue(notification.topic), 'index');
  add('apns-priority', PRIORITIES[notification.priority ?? ''] ?? '', 'index');
  add('apns-expiration', expirationOf(notification), 'plain');
  add('apns-collapse-id', fieldValue(notification.collapse_id), 'plain');
  add('apns-id', fieldValue(notification.apns_id), 'plain');
  return headers;
}

/**
 * Why this notification need not be sent at all: a header that HTTP/2 cannot carry, or APNs' own reason for it.
 * @param checkSize false leaves a size that is near the limit to APNs, as Gorush does.
 */
export function apnsRefusal(notification: Notification, body: Uint8Array, checkSize = true): Failed | undefined {
  for (const [name, value, reason] of callerFields(notification)) {
    if (value === '') continue;
    if (ILLEGAL.test(value)) return refused(reason, `${name} has a control character`);
    if (Buffer.byteLength(value) > MAX_FIELD) return refused(reason, `${name} is longer than ${MAX_FIELD} bytes`);
  }
  const limit = notification.push_type === 'voip' ? MAX_VOIP_PAYLOAD : MAX_PAYLOAD;
  if (!checkSize || body.length <= limit) return hopelessSize(body.length, notification);
  return refused('PayloadTooLarge', `the payload has ${body.length} bytes, ${limit} are allowed`);
}

const PRIORITIES: Readonly<Record<string, string>> = Object.assign(Object.create(null), { normal: '5', high: '10' });

/** RFC 9110 section 5.5: a field value has no control characters but the tab. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const ILLEGAL = /[\0-\x08\x0a-\x1f\x7f]/;

/** RFC 9113 section 8.2.1 forbids white space at the ends. */
const fieldValue = (text = ''): string =>
  BLANK_ENDS.test(text) ? text.replace(/^[ \t]+|(?<![ \t])[ \t]+$/g, '') : text;
const BLANK_ENDS = /^[ \t]|[ \t]$/;

const callerFields = (n: Notification): [name: string, value: string, reason: string][] => [
  ['apns-topic', fieldValue(n.topic), 'BadTopic'],
  ['apns-push-type', fieldValue(n.push_type), 'InvalidPushType'],
  ['apns-collapse-id', fieldValue(n.collapse_id), 'BadCollapseId'],
  ['apns-id', fieldValue(n.apns_id), 'BadMessageId'],
];

const refused = (reason: string, why: string): Failed => ({
  kind: 'failed',
  category: 'invalid_request',
  reason,
  error: `${reason}: ${why}`,
});

/** 0 is sent: it means "try once, do not store", while no header means up to 30 days. */
function expirationOf({ expiration }: Notification): string {
  return expiration !== undefined && expiration >= 0 ? String(expiration) : '';
}

/** The `aps` dictionary. Empty texts, lists and objects and zeroes count as absent; the badge, the relevance score and `EVEN_IF_ZERO` do not. */
function apsOf(n: Notification): JsonObject {
  const aps: JsonObject = {};
  const alert = alertOf(n);
  if (alert !== undefined) aps.alert = alert;
  if (n.badge !== undefined && n.badge >= 0) aps.badge = n.badge;
  if (n.mutable_content) aps['mutable-content'] = 1;
  if (n.content_available) aps['content-available'] = 1;
  const sound = apnsSound(n);
  if (sound !== undefined) aps.sound = sound;
  if (n['url-args']?.length) aps['url-args'] = n['url-args'];
  if (n['thread-id']) aps['thread-id'] = n['thread-id'];
  if (n.interruption_level) aps['interruption-level'] = n.interruption_level;
  if (n.category) aps.category = n.category;
  return addLiveActivity(aps, n);
}

type LiveActivityKey = 'content-state' | 'attributes' | 'stale-date' | 'dismissal-date' | 'timestamp';

/**
 * What a zero or an empty object says to a Live Activity by its event: one begins and ends without a state of its own, and a dismissal
 * date in the past removes one that ends at once (Apple: "Starting and updating Live Activities with ActivityKit push notifications").
 */
const EVEN_IF_ZERO: Readonly<Record<string, readonly LiveActivityKey[]>> = {
  start: ['content-state', 'attributes'],
  end: ['content-state', 'dismissal-date'],
};

const kept = (n: Notification, key: LiveActivityKey): boolean =>
  Object.hasOwn(EVEN_IF_ZERO, n.event ?? '') && EVEN_IF_ZERO[n.event ?? '']?.includes(key) === true;

function addLiveActivity(aps: JsonObject, n: Notification): JsonObject {
  const addObject = (key: 'content-state' | 'attributes'): void => {
    if (n[key] && (!isEmpty(n[key]) || kept(n, key))) aps[key] = n[key];
  };
  addObject('content-state');
  for (const key of ['stale-date', 'dismissal-date', 'timestamp'] as const) {
    const seconds = n[key];
    if (seconds !== undefined && (seconds > 0 || (seconds === 0 && kept(n, key)))) aps[key] = seconds;
  }
  if (n.event) aps.event = n.event;
  if (n['attributes-type']) aps['attributes-type'] = n['attributes-type'];
  addObject('attributes');
  if (n['relevance-score'] !== undefined) aps['relevance-score'] = single(n['relevance-score']);
  return aps;
}

const ALERT_TEXTS = [
  'action',
  'action-loc-key',
  'body',
  'launch-image',
  'loc-key',
  'title',
  'subtitle',
  'title-loc-key',
  'summary-arg',
] as const;

/** A text when there is only a message; else an object, into which `title` and `message` go where `alert` says nothing. */
function alertOf({ alert = {}, title, message }: Notification): Json | undefined {
  const given: Alert = { ...alert, title: alert.title || title || '', body: alert.body || message || '' };
  const result: JsonObject = {};
  for (const key of ALERT_TEXTS) if (given[key]) result[key] = given[key];
  for (const key of ['loc-args', 'title-loc-args'] as const) if (given[key]?.length) result[key] = given[key];
  const count = given['summary-arg-count'];
  if (count !== undefined && count > 0) result['summary-arg-count'] = count;
  const keys = Object.keys(result);
  if (keys.length === 0) return undefined;
  const onlyMessage = keys.length === 1 && keys[0] === 'body' && !alert.body;
  return onlyMessage ? message : result;
}
