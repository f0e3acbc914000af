import { createHmac, timingSafeEqual } from 'node:crypto';

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const PREFIX = 'whsec_';
const MIN_BYTES = 24;
const MAX_BYTES = 64;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

function keyOf(secret: string): Buffer | undefined {
  const encoded = secret.slice(PREFIX.length);
  if (!secret.startsWith(PREFIX) || !BASE64.test(encoded)) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= MIN_BYTES && key.length <= MAX_BYTES ? key : undefined;
}

/** Whether a text is a secret of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
export const isWebhookSecret = (text: string): boolean => keyOf(text) !== undefined;

/** The headers of one call. `id` is the same for each repetition of an entry; `now` is UNIX milliseconds, of this very call. */
export type Sign = (id: string, body: string, now: number) => Record<string, string>;

/**
 * Signs with each of `secrets`, so that receivers may change from one to the next when they like. Without secrets no header is
 * added. @throws TypeError for a malformed secret.
 */
export function createSigner(secrets: readonly string[]): Sign {
  const keys = keysOf(secrets);
  if (keys.length === 0) return () => ({});
  return (id, body, now) => {
    const timestamp = String(Math.floor(now / 1000));
    const signatures = keys.map((key) => signed(key, id, timestamp, body));
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
  };
}

/** @throws TypeError for a malformed secret */
function keysOf(secrets: readonly string[]): Buffer[] {
  return secrets.map((secret) => {
    const key = keyOf(secret);
    if (!key) throw new TypeError('not a secret of Standard Webhooks');
    return key;
  });
}

const signed = (key: Buffer, id: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;

/**
 * The older form of the Go package `notify`: `X-Mailbox-Timestamp`, and with a secret `X-Mailbox-Signature`: `sha256=` and the HMAC-SHA256
 * of `<timestamp>.<body>` in hex. A secret is any text; the newest signs. `webhook-id` says which event it is.
 */
export const createMailboxSigner =
  ([secret = '']: readonly string[]): Sign =>
  (id, body, now) => {
    const timestamp = String(Math.floor(now / 1000));
    const headers = { 'webhook-id': id, 'x-mailbox-timestamp': timestamp };
    return secret === '' ? headers : { ...headers, 'x-mailbox-signature': mailboxSignature(secret, timestamp, body) };
  };

export const mailboxSignature = (secret: string, timestamp: string, body: string | Uint8Array): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;

/** As servers of Node have them: names in lower case. */
export type CallHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @returns the id of the call; undefined: it is not signed by one of us, or not at about this time. `now` is UNIX milliseconds. */
export type Verify = (headers: CallHeaders, body: string, now: number) => string | undefined;

/** The specification's own example of how far clocks may be apart. */
export const SIGNATURE_TOLERANCE_MS = 300_000;
/** Whole seconds, as the signer writes them. */
const SECONDS = /^(?:0|[1-9][0-9]{0,14})$/;

/** Checks what `createSigner` writes with any of the same secrets. @throws TypeError for a malformed secret */
export function createVerifier(secrets: readonly string[]): Verify {
  const keys = keysOf(secrets);
  return (headers, body, now) => {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return undefined;
    if (!SECONDS.test(timestamp) || Math.abs(Number(timestamp) * 1000 - now) > SIGNATURE_TOLERANCE_MS) return undefined;
    const given = signatures.split(' ').map((each) => Buffer.from(each));
    const isOurs = keys.some((key) => {
      const wanted = Buffer.from(signed(key, id, timestamp, body));
      return given.some((each) => each.length === wanted.length && timingSafeEqual(each, wanted));
    });
    return isOurs ? id : undefined;
  };
}
