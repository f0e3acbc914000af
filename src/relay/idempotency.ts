import { createHash } from 'node:crypto';
import { RefusedError } from '../kit/refusal.ts';
import type { Notification } from '../push/push.ts';
import type { RequestBody } from '../queue/queue.ts';
import type { Accept, AcceptedPush, AcceptOptions } from './accept.ts';

export interface IdempotencyOptions {
  readonly accept: Accept;
  /** Requests whose notifications all have a `notif_id` are recognised without a key (`queue.dedupe`). */
  readonly dedupe: boolean;
  /** Milliseconds for which a request is remembered. */
  readonly windowMs: number;
  /** Requests that are remembered at a time, the youngest ones; default 100,000. */
  readonly maxRequests?: number;
  /** Failed pushes in remembered answers of sync requests; default 100,000. */
  readonly maxLogs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** The key was used, within the window, for a request with other contents. */
export class KeyReusedError extends RefusedError {
  readonly code = 'ERR_IDEMPOTENCY_KEY_REUSED';
  readonly kind = 'key_reused';
}

interface Remembered {
  readonly at: number;
  /** Of the contents. */
  readonly digest: string;
  answer: AcceptedPush | Promise<AcceptedPush>;
  logs: number;
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
 * being taken share its answer; one that was refused is forgotten, so that it can be tried again. In memory, a bounded number:
 * neither a restart nor another process knows of it.
 *
 * @throws KeyReusedError (or rejects with it) when a key names two different requests.
 */
export function idempotent(options: IdempotencyOptions): Accept {
  const { accept, dedupe, windowMs, maxRequests = 100_000, maxLogs = 100_000 } = options;
  const { now = () => performance.now() } = options;
  const remembered = new Map<string, Remembered>();
  let logs = 0;

  const forget = (key: string, request: Remembered): void => {
    if (remembered.get(key) !== request) return;
    remembered.delete(key);
    logs -= request.logs;
  };

  /** Entries are in order of age: the first ones go. */
  const trim = (): void => {
    const oldest = now() - windowMs;
    for (const [key, request] of remembered) {
      if (request.at >= oldest && remembered.size <= maxRequests && logs <= maxLogs) return;
      forget(key, request);
    }
  };

  const remember = (key: string, digest: string, answer: AcceptedPush | Promise<AcceptedPush>): void => {
    const request: Remembered = { at: now(), digest, answer, logs: 0 };
    remembered.set(key, request);
    const taken = (push: AcceptedPush): void => {
      request.answer = push;
      if (remembered.get(key) !== request) return;
      request.logs = push.logs.length;
      logs += request.logs;
      trim();
    };
    if (answer instanceof Promise) answer.then(taken).catch(() => forget(key, request));
    else taken(answer);
  };

  const keyOf = (notifications: readonly Notification[], how: AcceptOptions) => {
    // What one caller calls its request is nothing to another.
    const { idempotencyKey, principal = '', allowedApps = [] } = how;
    const caller = JSON.stringify([principal, ...[...allowedApps].sort()]);
    if (idempotencyKey) return digestOf('key', caller, idempotencyKey);
    const isNamed = dedupe && notifications.every(({ notif_id }) => notif_id);
    return isNamed ? digestOf('notif_id', caller, ...notifications.map(identityOf)) : undefined;
  };

  return (notifications, body, how = {}) => {
    const key = how.idempotencyKey || dedupe ? keyOf(notifications, how) : undefined;
    if (key === undefined) return accept(notifications, body, how);
    trim();
    const digest = how.idempotencyKey ? digestOfBody(notifications, body) : '';
    const first = remembered.get(key);
    if (first && first.digest !== digest)
      throw new KeyReusedError('this Idempotency-Key was used for another request a moment ago');
    if (first) return first.answer;
    const answer = accept(notifications, body, how);
    remember(key, digest, answer);
    return answer;
  };
}
