import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FailedAttempts } from '../../src/auth/failed-attempts.ts';
import { RateLimit } from '../../src/auth/rate-limit.ts';
import { Breaker } from '../../src/kit/breaker.ts';
import { BodyRoom } from '../../src/kit/http/body-room.ts';
import { rationed } from '../../src/kit/rationed.ts';
import { strictRate, TokenBucket } from '../../src/kit/token-bucket.ts';
import { LaneStore } from '../../src/queue/lane-store.ts';
import { idempotent } from '../../src/relay/idempotency.ts';
import { entryOf, LANE } from '../queue/broker/broker-entries.ts';

/** The wall clock is set by people and by NTP; what limits and waits has to go by the other clock, which only goes forward. */
const HOUR_MS = 3_600_000;
const jumps = [HOUR_MS, -2 * HOUR_MS, HOUR_MS];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Looks before and after each jump of the wall clock, an hour forward, two back, one forward. */
function looks<T>(look: () => T): T[] {
  const seen = [look()];
  for (const ms of jumps) {
    vi.setSystemTime(Date.now() + ms);
    seen.push(look());
  }
  return seen;
}

const NEVER = 1e-6;

test('a token bucket, a rate of pushes and the limit of a key give nothing for it, and take nothing', () => {
  const bucket = new TokenBucket({ capacity: 3, perSecond: NEVER });
  bucket.take(1);
  expect(looks(() => bucket.available())).toEqual([2, 2, 2, 2]);
  const rate = strictRate(NEVER);
  rate.take(1);
  expect(looks(() => rate.available())).toEqual([0, 0, 0, 0]);
  const limit = new RateLimit(NEVER);
  limit.take();
  expect(looks(() => limit.take().allowed)).toEqual([false, false, false, false]);
});

test('a breaker stays open as long as it said', () => {
  const breaker = new Breaker({ threshold: 1, firstMs: HOUR_MS / 2, maxMs: HOUR_MS / 2 });
  breaker.failed();
  expect(looks(() => breaker.admit())).toEqual([0, 0, 0, 0]);
  const waits = looks(() => breaker.waitMs());
  for (const wait of waits) expect(Math.abs(wait - (waits[0] as number))).toBeLessThan(60_000);
});

test('an address that guessed waits as long as it was said', () => {
  const attempts = new FailedAttempts({ maxFailures: 1, maxLockoutMs: HOUR_MS });
  for (let i = 0; i < 12; i++) attempts.add('192.0.2.1');
  const waits = looks(() => attempts.waitMs('192.0.2.1'));
  for (const wait of waits) expect(Math.abs(wait - (waits[0] as number))).toBeLessThan(60_000);
});

test('a remembered request is remembered, no slow body is given up, no result is made more often', async () => {
  let accepted = 0;
  const accept = idempotent({
    accept: () => ({ requestId: String(++accepted), counts: 1, logs: [] }),
    dedupe: false,
    windowMs: HOUR_MS / 2,
  });
  await Promise.all(looks(() => accept([{ platform: 1, tokens: ['t'] }], undefined, { idempotencyKey: 'k' })));
  expect(accepted).toBe(1);

  let givenUp = 0;
  const room = new BodyRoom({ maxBytes: 1000 });
  room.open('a', { bytesRead: 0 }, () => givenUp++);
  looks(() => room.sweep());
  room.close();
  expect(givenUp).toBe(0);

  let made = 0;
  const result = rationed(async () => ++made, 1);
  await Promise.all(looks(() => result()));
  expect(made).toBe(1);
});

test('a push that waits for its retry waits on, and none is older for it', () => {
  const store = new LaneStore({ wake: () => {} });
  store.add(entryOf({ platform: 1, tokens: ['t'] }));
  const batch = store.take(LANE, 1);
  if (batch) store.defer(batch, performance.now() + HOUR_MS / 2);
  expect(looks(() => store.take(LANE, 1))).toEqual([undefined, undefined, undefined, undefined]);
  expect(Math.max(...looks(() => store.oldestAge()))).toBeLessThan(60_000);
  store.close();
});
