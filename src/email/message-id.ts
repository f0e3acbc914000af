import { createHash, randomBytes } from 'node:crypto';
import type { Delivery, Notification } from '../push/push.ts';

/** As far as it may stand in a Message-ID as it is (RFC 5322 section 3.6.4). */
const ATOM = /^[A-Za-z0-9_-]{1,64}$/;

const hash = (...parts: readonly string[]): string => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part).update('\0');
  return digest.digest('base64url').slice(0, 22);
};

/** For what comes without the id of its request. */
const seeds = new WeakMap<Notification, string>();

function seedOf(notification: Notification): string {
  const seed = seeds.get(notification) ?? randomBytes(12).toString('hex');
  seeds.set(notification, seed);
  return seed;
}

/**
 * `<notification id>.<hash>@<domain>`: the same for each attempt of one mail, also after a restart, so that mailboxes show a
 * repeated one once; another one for each receiver, request and content. @param digest of the content
 */
export function messageIdOf(delivery: Delivery, target: string, digest: string, domain: string): string {
  const { notification, requestId } = delivery;
  const { notif_id: id = '' } = notification;
  const request = requestId ?? seedOf(notification);
  const head = ATOM.test(id) ? id : hash(request, id);
  return `<${head}.${hash(request, id, digest, target)}@${domain}>`;
}

/** What the mails of a thread refer to: a mail that was never sent, which mailboxes gather the others under. */
export const threadRootOf = (app: string, thread: string, domain: string): string =>
  `<thread.${hash(app, thread)}@${domain}>`;
