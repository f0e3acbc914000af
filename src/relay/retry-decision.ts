import { type BackoffOptions, backoff } from '../kit/backoff.ts';
import type { Category, Failed, Provider } from '../push/push.ts';
import type { Attempts } from '../queue/queue.ts';

export interface RetryPolicy extends BackoffOptions {
  /** Most retries of pushes that the provider answered or may have processed. */
  readonly maxRetry: number;
  /** Milliseconds after acceptance at which an undelivered push is given up. */
  readonly maxAgeMs: number;
  /** Retries besides `maxRetry`, and for what. */
  readonly free: { readonly limit: number; readonly categories: ReadonlySet<Category> };
}

/**
 * Retries that Gorush's provider libraries make by themselves, before `max_retry` counts: Google's client repeats a 503 and a
 * lost connection four times, Huawei's refreshes its token and resends once.
 */
export const FREE_RETRIES: Record<Provider, RetryPolicy['free']> = {
  apns: { limit: 0, categories: new Set() },
  fcm: { limit: 4, categories: new Set<Category>(['stale_credential', 'unavailable', 'unanswered']) },
  hms: { limit: 1, categories: new Set<Category>(['stale_credential']) },
};

export type Decision =
  | { readonly again: false }
  | { readonly again: true; readonly delayMs: number; readonly attempts: Attempts };

const STOP: Decision = { again: false };
const COUNTED = new Set<Category>(['stale_credential', 'unavailable', 'unanswered']);

/** Free retries of an answer are for what Google's client repeats: 503, not 429 or 500. */
const isFree = (failed: Failed, attempts: Attempts, policy: RetryPolicy): boolean =>
  attempts.free < policy.free.limit &&
  policy.free.categories.has(failed.category) &&
  (failed.category !== 'unavailable' || failed.status === 503) &&
  (failed.category !== 'stale_credential' || attempts.free === 0);

/**
 * Whether a failed push is tried again, and after which pause: the relay's only retry decision.
 *
 * @param attempts before the one that failed. @param ageMs since acceptance. @param leftMs until the push's own expiration.
 */
export function decideRetry(
  failed: Failed,
  attempts: Attempts,
  policy: RetryPolicy,
  ageMs: number,
  leftMs: number,
  random = Math.random,
): Decision {
  const unsent = failed.category === 'not_sent';
  if (!unsent && !COUNTED.has(failed.category)) return STOP;
  const free = !unsent && isFree(failed, attempts, policy);
  if (!unsent && !free && attempts.counted >= policy.maxRetry) return STOP;
  const next: Attempts = {
    sent: attempts.sent + 1,
    counted: attempts.counted + (unsent || free ? 0 : 1),
    unsent: attempts.unsent + (unsent ? 1 : 0),
    free: attempts.free + (free ? 1 : 0),
  };
  const pause = failed.category === 'stale_credential' ? 0 : backoff(attempts.sent, policy, random);
  const delayMs = Math.max(pause, failed.retryAfterMs ?? 0);
  if (delayMs >= Math.min(policy.maxAgeMs - ageMs, leftMs)) return STOP;
  return { again: true, delayMs, attempts: next };
}
