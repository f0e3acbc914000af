import { timingSafeEqual } from 'node:crypto';
import { mailboxSignature } from '../kit/http/webhook-signature.ts';

const SECONDS = /^(?:0|[1-9][0-9]{0,14})$/;

/**
 * Checks a call in the form `mailbox`: whether `X-Mailbox-Signature` is `sha256=` and the HMAC-SHA256, in lower-case hex, of
 * `<X-Mailbox-Timestamp>.<body>`. For the standard form use a library of Standard Webhooks.
 * @param tolerance seconds that the timestamp may be from `now`, before or after; 0: its age does not matter
 * @param now UNIX milliseconds
 */
export function verifySignature(
  secret: string,
  timestamp: string,
  body: string | Uint8Array,
  header: string,
  tolerance: number,
  now: number = Date.now(),
): boolean {
  if (secret === '') return false;
  const wanted = Buffer.from(mailboxSignature(secret, timestamp, body));
  const given = Buffer.from(header);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
  if (tolerance === 0) return true;
  return SECONDS.test(timestamp) && Math.abs(Number(timestamp) - now / 1000) <= tolerance;
}
