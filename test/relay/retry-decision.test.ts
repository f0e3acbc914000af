import { expect, test } from 'vitest';
import type { Category, Failed } from '../../src/push/push.ts';
import { NO_ATTEMPTS } from '../../src/queue/queue.ts';
import { decideRetry, FREE_RETRIES, type RetryPolicy } from '../../src/relay/retry-decision.ts';

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

const decide = (f: Failed, p: RetryPolicy, attempts = NO_ATTEMPTS, age = 0, left = Number.POSITIVE_INFINITY) =>
  decideRetry(f, attempts, p, age, left, () => 0.5);

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

test('FCM: a 503 or a lost connection is repeated four times before max_retry counts; a 429 is not', () => {
  const fcm = policy(0, { free: FREE_RETRIES.fcm });
  expect(decide(failed('unavailable', { status: 503 }), fcm, { ...NO_ATTEMPTS, free: 3 })).toMatchObject({
    again: true,
  });
  expect(decide(failed('unavailable', { status: 503 }), fcm, { ...NO_ATTEMPTS, free: 4 }).again).toBe(false);
  expect(decide(failed('unanswered'), fcm).again).toBe(true);
  expect(decide(failed('unavailable', { status: 429 }), fcm).again).toBe(false);
});
