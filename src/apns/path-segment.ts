import type { Failed } from '../push/push.ts';
import { MAX_FIELD } from './payload.ts';

/** Before the device token in the path of every push. */
export const DEVICE_PREFIX = '/3/device/';

/** What Go's URL type leaves as it is in a path, and every real token consists of. */
const PLAIN = /^[A-Za-z0-9_\-.~!$&'()*+,;=:@[\]]+$/;
const DOTS = /^\.\.?$/;
const LONGEST_DOTS = 2;
/** Escapes and characters that Go percent-encodes. */
const ENCODABLE = /^(?:%[0-9A-Fa-f]{2}|[^%/?#\p{Cc}])+$/u;

/**
 * A device token as the last segment of the path, written into the URL as Gorush writes it; or why it can be no token: what
 * would lead to another path than that of one device is refused, and nothing is sent.
 */
export function pathSegment(token: string): string | Failed {
  if (PLAIN.test(token) && token.length <= MAX_FIELD && !DOTS.test(token)) return token;
  if (token === '') return EMPTY;
  if (token.length > MAX_FIELD || DOTS.test(token) || !ENCODABLE.test(token)) return MALFORMED;
  return encode(token);
}

/** True: each of these tokens goes into the path as it is. False: look at each. Looked at together, many cost half as much. */
export function arePathSegments(tokens: readonly string[]): boolean {
  for (const { length } of tokens) if (length <= LONGEST_DOTS || length > MAX_FIELD) return false;
  return PLAIN.test(tokens.join(''));
}

/** An escape that the caller wrote stays one. */
const encode = (token: string): string =>
  token
    .toWellFormed()
    .split(/(%[0-9A-Fa-f]{2})/)
    .map((part, index) => (index % 2 === 1 ? part : encodeURIComponent(part)))
    .join('');

const EMPTY: Failed = {
  kind: 'failed',
  category: 'invalid_request',
  reason: 'MissingDeviceToken',
  error: 'MissingDeviceToken: the device token is empty',
};

const MALFORMED: Failed = {
  kind: 'failed',
  category: 'invalid_token',
  reason: 'BadDeviceToken',
  error: 'BadDeviceToken: the device token cannot be part of a URL',
};
