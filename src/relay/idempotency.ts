import { createHash } from 'node:crypto';
import { RefusedError } from '../kit/refusal.ts';
import { FairMemory } from '../kit/shares/fair-memory.ts';
import type { Notification } from '../push/push.ts';
import type { RequestBody } from '../queue/queue.ts';
import type { Accept, AcceptedPush, AcceptOptions } from './accept.ts';
import { entriesCost } from './entries-cost.ts';

export interface IdempotencyOptions {
  readonly accept: Accept;
  /** Requests whose notifications all have a `notif_id` are recognised without a key (`queue.dedupe`). */
  readonly dedupe: boolean;
  /** Milliseconds for which a request is remembered. */
  readonly windowMs: number;
  /** Bytes of the heap that remembered requests may take, the youngest ones of each caller; default 80 MiB, 100,000 without failures. */
  readonly maxBytes?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** The key was used, within the window, for a request with other contents. */
export class KeyReusedError extends RefusedError {
  readonly code = 'ERR_IDEMPOTENCY_KEY_REUSED';
  readonly kind = 'key_reused';
}

interface Remembered {
  /** Of the contents. */
  readonly digest: string;
  answer: AcceptedPush | Promise<AcceptedPush>;
}

/** Bytes of the heap: of a remembered request without failures (782 measured). */
const REQUEST = 800;
const MAX_BYTES = 80 * 2 ** 20;

/** Of a request: its caller, and what that one calls it. */
interface Name {
  readonly caller: string;
  readonly key: string;
}

const digestOf = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64');
};

/** What makes two notifications with one `notif_id` the same: whom they go to. */
const identityOf = (notification: Notification): string => {
  const { notif_id, app, project_id, platform, tokens, to, topic, condition, production, development } = notification;
  return JSON.stringify([notif_id, app, project_id, platform, tokens, to, topic, condition, production, development]);
};

const digestOfBody = (notifications: readonly Notification[], body: RequestBody | undefined): string =>
  digestOf(body instanceof Uint8Array ? body : JSON.stringify(notifications));

/**
 * Answers a request that was accepted a moment ago with its first answer, and sends nothing. Those that come while the first is
 * being taken share its answer; one that was refused is forgotten, so that it can be tried again. In memory, of which each caller
 * has an equal part when there is too little: neither a restart nor another process knows of it.
 *
 * @throws KeyReusedError (or rejects with it) when a key names two different requests.
 */
export function idempotent(options: IdempotencyOptions): Accept {
  const { accept, dedupe, windowMs, maxBytes = MAX_BYTES } = options;
  const { now = () => performance.now() } = options;
  const memory = new FairMemory<Remembered>(maxBytes);

  const remember = (name: Name, digest: string, answer: AcceptedPush | Promise<AcceptedPush>): void => {
    const { key, caller } = name;
    const request: Remembered = { digest, answer };
    const isKept = (): boolean => memory.get(key) === request;
    const taken = (push: AcceptedPush): void => {
      request.answer = push;
      if (isKept()) memory.grow(key, entriesCost(push.logs));
    };
    memory.set(key, { value: request, owner: caller, cost: REQUEST, at: now() });
    if (answer instanceof Promise) answer.then(taken).catch(() => isKept() && memory.delete(key));
    else taken(answer);
  };

  const nameOf = (notifications: readonly Notification[], how: AcceptOptions): Name | undefined => {
    // What one caller calls its request is nothing to another.
    const { idempotencyKey, principal = '', allowedApps = [] } = how;
    const caller = JSON.stringify([principal, ...[...allowedApps].sort()]);
    if (idempotencyKey) return { caller, key: digestOf('key', caller, idempotencyKey) };
    const isNamed = dedupe && notifications.every(({ notif_id }) => notif_id);
    return isNamed ? { caller, key: digestOf('notif_id', caller, ...notifications.map(identityOf)) } : undefined;
  };

  return (notifications, body, how = {}) => {
    // Who gives a request its id answers for sending it once.
    const named = how.requestId === undefined && (how.idempotencyKey || dedupe);
    const name = named ? nameOf(notifications, how) : undefined;
    if (name === undefined) return accept(notifications, body, how);
    memory.expire(now() - windowMs);
    const digest = how.idempotencyKey ? digestOfBody(notifications, body) : '';
    const first = memory.get(name.key);
    if (first && first.digest !== digest)
      throw new KeyReusedError('this Idempotency-Key was used for another request a moment ago');
    if (first) return first.answer;
    const answer = accept(notifications, body, how);
    remember(name, digest, answer);
    return answer;
  };
}
