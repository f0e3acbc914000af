import { ECDH } from 'node:crypto';
import { type Endpoint, readEndpoint } from '../carrier/endpoint.ts';
import { decodeBase64 } from './base64.ts';

/** Where a browser (or a UnifiedPush distributor) wants its pushes, and the keys that they are encrypted for. */
export interface Subscription {
  /** As it was given: the subscription's identity (its keys may change), and a secret. */
  readonly endpoint: string;
  /** Where it leads. */
  readonly place: Endpoint['place'];
  /** Path and query. */
  readonly path: string;
  /** P-256 point, 65 bytes; that it is one of the curve shows when it is used. */
  readonly p256dh: Buffer;
  /** 16 bytes. */
  readonly auth: Buffer;
  /** The VAPID public key that it was made with, base64url without padding; absent when it does not say. */
  readonly applicationServerKey?: string;
}

/** What is wrong with a subscription: the field, dotted, and why. Never holds what was given. */
export interface SubscriptionMistake {
  readonly field: string;
  readonly why: string;
}

export type ReadSubscription =
  | { readonly ok: true; readonly subscription: Subscription }
  | { readonly ok: false; readonly mistake: SubscriptionMistake };

/** Longer than any push service's: UnifiedPush allows 1,000 bytes, the longest of browsers have some 700. */
const LONGEST_ENDPOINT = 2048;
const LONGEST_TEXT = 8192;

const wrong = (field: string, why: string): ReadSubscription => ({ ok: false, mistake: { field, why } });

/** A subscription as JSON text, in the form of a browser's `JSON.stringify(subscription)`. Never throws. */
export function parseSubscription(text: string): ReadSubscription {
  if (text.length > LONGEST_TEXT) return wrong('', `is longer than ${LONGEST_TEXT} characters`);
  try {
    return readSubscription(JSON.parse(text));
  } catch {
    return wrong('', 'is not the JSON of a push subscription');
  }
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * `{endpoint, keys: {p256dh, auth}, application_server_key?}`; what browsers call `applicationServerKey` is taken too, in
 * base64url or plain base64. Only its form is looked at: which hosts may be called is another matter.
 */
export function readSubscription(value: unknown): ReadSubscription {
  if (!isFields(value)) return wrong('', 'is not a push subscription');
  const { endpoint, keys } = value;
  if (typeof endpoint !== 'string' || endpoint === '') return wrong('endpoint', 'is missing');
  if (Buffer.byteLength(endpoint) > LONGEST_ENDPOINT)
    return wrong('endpoint', `is longer than ${LONGEST_ENDPOINT} bytes`);
  const read = readEndpoint(endpoint);
  if (!read) return wrong('endpoint', 'is not an https URL');
  if (!isFields(keys)) return wrong('keys', 'are missing');
  if (isOldCoding(value)) return wrong('contentEncoding', 'is not aes128gcm, the only one that is sent');
  const p256dh = bytesOf(keys.p256dh);
  if (p256dh?.length !== 65 || p256dh[0] !== 4) return wrong('keys.p256dh', 'is not a P-256 point of 65 bytes');
  const auth = bytesOf(keys.auth);
  if (auth?.length !== 16) return wrong('keys.auth', 'is not 16 bytes');
  const named = value.application_server_key ?? value.applicationServerKey ?? undefined;
  const key = named === undefined || named === '' ? undefined : bytesOf(named);
  if (named !== undefined && named !== '' && key?.length !== 65)
    return wrong('application_server_key', 'is not a public key of 65 bytes');
  const applicationServerKey = key?.toString('base64url');
  const subscription = { endpoint, ...read, p256dh, auth, ...(applicationServerKey ? { applicationServerKey } : {}) };
  return { ok: true, subscription };
}

const bytesOf = (value: unknown): Buffer | undefined => (typeof value === 'string' ? decodeBase64(value) : undefined);

/** As JSON.stringify writes what browsers give; anything else is read in full. */
const FIRST_ENDPOINT = /^\{"endpoint":"([^"\\]*)"/;

/** The address in a subscription, without a look at its keys, which would be most of the work; undefined when there is none. */
export function endpointIn(text: string): string | undefined {
  const [, plain] = FIRST_ENDPOINT.exec(text) ?? [];
  if (plain !== undefined) return plain;
  const read = parseSubscription(text);
  return read.ok ? read.subscription.endpoint : undefined;
}

/** KaiOS and browsers of before 2018 understand the draft coding `aesgcm` only: a push in the present one is dropped unseen. */
const isOldCoding = ({ contentEncoding, supportedContentEncodings: supported }: Fields): boolean =>
  contentEncoding === 'aesgcm' ||
  (Array.isArray(supported) && supported.length > 0 && !supported.includes('aes128gcm'));

/** Whether the bytes are a point of the curve: what encryption finds out only when there is something to send. */
export function isOnCurve(point: Uint8Array): boolean {
  try {
    ECDH.convertKey(point, 'prime256v1');
    return true;
  } catch {
    return false;
  }
}
