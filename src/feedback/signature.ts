import { createHmac } from 'node:crypto';

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
  const keys = secrets.map((secret) => {
    const key = keyOf(secret);
    if (!key) throw new TypeError('not a secret of Standard Webhooks');
    return key;
  });
  if (keys.length === 0) return () => ({});
  return (id, body, now) => {
    const timestamp = String(Math.floor(now / 1000));
    const content = `${id}.${timestamp}.${body}`;
    const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`);
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
  };
}
