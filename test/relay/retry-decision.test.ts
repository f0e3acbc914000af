import { expect, test } from 'vitest';
import type { Category, Failed } from '../../src/push/push.ts';
import { NO_ATTEMPTS } from '../../src/queue/queue.ts';
import { decideRetry, type RetryPolicy } from '../../src/relay/retry-decision.ts';
import { FREE_RETRIES } from '../support/free-retries.ts';

const failed = (category: Category, more: Partial<Failed> = {}): Failed => ({
  kind: 'failed',
  category,
  reason: 'X',
  error: 'x',
  ...more,
});

const policy = (maxRetry: number, more: Partial<RetryPolicy> = {}): RetryPolicy => ({
  maxRetry,
  firstMs: 1000,
  maxMs: 60_000,
  maxAgeMs: 3_600_000,
  free: FREE_RETRIES.apns,
  ...more,
});

const decide = (f: Failed, p: RetryPolicy, attempts = NO_ATTEMPTS, ageMs = 0, leftMs = Number.POSITIVE_INFINITY) =>
  decideRetry({ failed: f, attempts, policy: p, ageMs, leftMs, random: () => 0.5 });

test.each(['invalid_token', 'invalid_request', 'credential', 'disabled', 'expired'] as const)(
  '%s is final, however many retries are allowed',
  (category) => {
    expect(decide(failed(category), policy(10)).again).toBe(false);
  },
);

test.each(['unavailable', 'unanswered', 'stale_credential'] as const)('%s is retried max_retry times', (category) => {
  let attempts = NO_ATTEMPTS;
  let retries = 0;
  for (;;) {
    const decision = decide(failed(category), policy(3), attempts);
    if (!decision.again) break;
    attempts = decision.attempts;
    retries++;
  }
  expect(retries).toBe(3);
});

test('what provably never reached the provider does not count against max_retry', () => {
  const decision = decide(failed('not_sent'), policy(0), { sent: 50, counted: 0, unsent: 50, free: 0 });
  expect(decision).toMatchObject({ again: true, attempts: { counted: 0, unsent: 51 } });
});

test('the pause doubles from the first to the longest', () => {
  const pauses = [0, 1, 2, 3, 10].map((sent) => {
    const decision = decide(failed('unavailable'), policy(99), { ...NO_ATTEMPTS, sent });
    return decision.again ? decision.delayMs : undefined;
  });
  expect(pauses).toEqual([500, 1000, 2000, 4000, 30_000]);
});

test('Retry-After is obeyed when it is longer than the pause', () => {
  expect(decide(failed('unavailable', { retryAfterMs: 9000 }), policy(1))).toMatchObject({ delayMs: 9000 });
  expect(decide(failed('unavailable', { retryAfterMs: 1 }), policy(1))).toMatchObject({ delayMs: 500 });
});

test('a stale credential is resent at once', () => {
  expect(decide(failed('stale_credential'), policy(1))).toMatchObject({ again: true, delayMs: 0 });
});

test('a retry that would come after the end of its life is not made', () => {
  expect(decide(failed('not_sent'), policy(0), NO_ATTEMPTS, 3_599_900).again).toBe(false);
  expect(decide(failed('not_sent'), policy(0), NO_ATTEMPTS, 0, 400).again).toBe(false);
});

/** How often a push is sent again that goes on failing so. */
function retriesOf(failure: Failed, p: RetryPolicy): number {
  let attempts = NO_ATTEMPTS;
  for (let retries = 0; retries < 50; retries++) {
    const decision = decide(failure, p, attempts);
    if (!decision.again) return retries;
    attempts = decision.attempts;
  }
  throw new Error('it never ends');
}

test.each([0, 1, 3])(
  'FCM: max_retry %i counts every retry, but a 503 or a lost connection is repeated once at least',
  (most) => {
    const fcm = policy(most, { free: FREE_RETRIES.fcm });
    for (const outage of [failed('unavailable', { status: 503 }), failed('unanswered')])
      expect(retriesOf(outage, fcm)).toBe(Math.max(1, most));
    for (const status of [429, 500, 502, 504]) expect(retriesOf(failed('unavailable', { status }), fcm)).toBe(most);
  },
);

test.each(['apns', 'hms'] as const)('%s: max_retry 0 means none, whatever the answer', (provider) => {
  const none = policy(0, { free: FREE_RETRIES[provider] });
  for (const status of [429, 500, 503]) expect(retriesOf(failed('unavailable', { status }), none)).toBe(0);
  expect(retriesOf(failed('unanswered'), none)).toBe(0);
});

test('the retry after a renewed credential is one besides those that max_retry counts', () => {
  for (const provider of ['fcm', 'hms'] as const) {
    const p = policy(2, { free: FREE_RETRIES[provider] });
    expect(retriesOf(failed('stale_credential', { status: 401 }), p)).toBe(3);
    expect(decide(failed('stale_credential'), p)).toMatchObject({ attempts: { counted: 0, free: 1 } });
  }
  expect(retriesOf(failed('stale_credential'), policy(2))).toBe(2);
});

test('listed pauses come in their order, the last of them again and again, each within a tenth', () => {
  const listed = policy(10, { pausesMs: [1000, 5000, 20_000], maxAgeMs: 1e9 });
  const pauses = [0, 1, 2, 3, 9].map((counted) => {
    const decision = decide(failed('unavailable'), listed, { sent: counted, counted, unsent: 0, free: 0 });
    return decision.again ? decision.delayMs : undefined;
  });
  expect(pauses).toEqual([1000, 5000, 20_000, 20_000, 20_000]);
  // What was not sent is tried again soon at first.
  const unsent = [0, 1, 4, 5, 6].map((count) => {
    const decision = decide(failed('not_sent'), listed, { sent: count, counted: 0, unsent: count, free: 0 });
    return decision.again ? decision.delayMs : undefined;
  });
  expect(unsent).toEqual([500, 1000, 8000, 1000, 5000]);
  const spread = [0, 1].map((random) => {
    const attempt = { failed: failed('unavailable'), attempts: NO_ATTEMPTS, policy: listed, ageMs: 0, leftMs: 1e9 };
    const decision = decideRetry({ ...attempt, random: () => random });
    return decision.again ? decision.delayMs : undefined;
  });
  expect(spread).toEqual([900, 1100]);
});
