import type { FreeRetries } from '../carrier/provider-row.ts';
import { type BackoffOptions, backoff } from '../kit/backoff.ts';
import type { Category, Failed } from '../push/push.ts';
import type { Attempts } from '../queue/queue.ts';

export interface RetryPolicy extends BackoffOptions {
  /** Most retries of pushes that the provider answered or may have processed. */
  readonly maxRetry: number;
  /** Milliseconds after acceptance at which an undelivered push is given up. */
  readonly maxAgeMs: number;
  readonly free: FreeRetries;
  /** Milliseconds before the first, second, … retry, the last of which repeats; instead of a backoff, but for the first tries of what was not sent. */
  readonly pausesMs?: readonly number[] | undefined;
}

export type Decision =
  | { readonly again: false }
  | { readonly again: true; readonly delayMs: number; readonly attempts: Attempts };

const STOP: Decision = { again: false };
const COUNTED = new Set<Category>(['stale_credential', 'unavailable', 'unanswered']);

const isRenewal = (failed: Failed, attempts: Attempts, { free }: RetryPolicy): boolean =>
  failed.category === 'stale_credential' && free.renewal && attempts.free === 0;

/** 503, not 429 or 500: as Google's client. */
const isOutage = ({ category, status }: Failed): boolean =>
  category === 'unanswered' || (category === 'unavailable' && status === 503);

const mostRetries = (failed: Failed, { maxRetry, free }: RetryPolicy): number =>
  isOutage(failed) ? Math.max(maxRetry, free.least) : maxRetry;

/**
 * Listed pauses are for what the provider says. What never reached it may be trouble of this machine, which passes: so many tries
 * come soon, by the backoff.
 */
const SOON = 5;

/** A listed pause varies by a tenth, so that what failed together does not come back together. */
function pauseOf(
  { sent, counted, unsent }: Attempts,
  isUnsent: boolean,
  policy: RetryPolicy,
  random = Math.random,
): number {
  const { pausesMs } = policy;
  if (!pausesMs?.length) return backoff(sent, policy, random);
  if (isUnsent && unsent < SOON) return backoff(unsent, policy, random);
  const retry = counted + Math.max(0, unsent - SOON);
  return (pausesMs[Math.min(retry, pausesMs.length - 1)] as number) * (0.9 + 0.2 * random());
}

/** An attempt that failed, and what limits the next one. */
export interface FailedAttempt {
  readonly failed: Failed;
  /** Before this one. */
  readonly attempts: Attempts;
  readonly policy: RetryPolicy;
  /** Milliseconds since acceptance, and until the push's own expiration. */
  readonly ageMs: number;
  readonly leftMs: number;
  /** 0 to 1; default Math.random. */
  readonly random?: () => number;
}

/** Whether a failed push is tried again, and after which pause: the relay's only retry decision. */
export function decideRetry({ failed, attempts, policy, ageMs, leftMs, random }: FailedAttempt): Decision {
  const unsent = failed.category === 'not_sent';
  if (!unsent && !COUNTED.has(failed.category)) return STOP;
  const free = isRenewal(failed, attempts, policy);
  if (!unsent && !free && attempts.counted >= mostRetries(failed, policy)) return STOP;
  const next: Attempts = {
    sent: attempts.sent + 1,
    counted: attempts.counted + (unsent || free ? 0 : 1),
    unsent: attempts.unsent + (unsent ? 1 : 0),
    free: attempts.free + (free ? 1 : 0),
  };
  const pause = failed.category === 'stale_credential' ? 0 : pauseOf(attempts, unsent, policy, random);
  const delayMs = Math.max(pause, failed.retryAfterMs ?? 0);
  if (delayMs >= Math.min(policy.maxAgeMs - ageMs, leftMs)) return STOP;
  return { again: true, delayMs, attempts: next };
}
