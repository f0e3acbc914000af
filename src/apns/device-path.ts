import type { Failed } from '../push.ts';
import { MAX_FIELD } from './payload.ts';

/** The path of a device token, or why the token can be no token; then nothing is sent. */
export type DevicePath = string | Failed;

const PREFIX = '/3/device/';

/** What Go's URL type leaves as it is in a path, and every real token consists of. */
const PLAIN = /^[A-Za-z0-9_\-.~!$&'()*+,;=:@[\]]+$/;
const DOTS = /^\.\.?$/;
/** Escapes and characters that Go percent-encodes. */
const ENCODABLE = /^(?:%[0-9A-Fa-f]{2}|[^%/?#\p{Cc}])+$/u;

/** Written into the URL as Gorush writes it; what would lead to another path than that of one device is refused. */
export function devicePath(token: string): DevicePath {
  if (PLAIN.test(token) && token.length <= MAX_FIELD && !DOTS.test(token)) return PREFIX + token;
  if (token === '') return EMPTY;
  if (token.length > MAX_FIELD || DOTS.test(token) || !ENCODABLE.test(token)) return MALFORMED;
  return PREFIX + encode(token);
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
