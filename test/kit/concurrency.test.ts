import { expect, test } from 'vitest';
import { AdaptiveConcurrency } from '../../src/kit/concurrency.ts';

const CEILING = 1500;

function adaptive() {
  const clock = { now: 0 };
  const subject = new AdaptiveConcurrency({ now: () => clock.now });
  /** Answers every 10 ms for a while. */
  const run = (forMs: number, latency: number, throttled = false): void => {
    for (let ms = 0; ms < forMs; ms += 10) {
      clock.now += 10;
      subject.answered(latency, throttled, CEILING, subject.limit(CEILING));
    }
  };
  return { subject, run };
}

test('is what the connections take while nothing speaks against it', () => {
  const { subject, run } = adaptive();
  run(60_000, 50);
  expect(subject.limit(CEILING)).toBe(CEILING);
  expect(subject.limit(3000)).toBe(3000);
});

test('halves on a 429, once until the effect can be seen', () => {
  const { subject, run } = adaptive();
  run(100, 50);
  run(900, 50, true);
  expect(subject.limit(CEILING)).toBe(CEILING / 2);
});

test('a provider that goes on throttling is asked for less and less, but never for nothing', () => {
  const { subject, run } = adaptive();
  run(60_000, 50, true);
  expect(subject.limit(CEILING)).toBe(16);
});

test('grows step by step, not at once, until the connections are the limit again', () => {
  const { subject, run } = adaptive();
  run(10, 50, true);
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) {
    run(100, 50);
    seen.push(subject.limit(CEILING));
  }
  expect(seen).toEqual([782, 814, 846, 878, 910]);
  run(10_000, 50);
  expect(subject.limit(CEILING)).toBe(CEILING);
});

test('latency that rises to many times the best cuts it', () => {
  const { subject, run } = adaptive();
  run(1000, 50);
  run(2000, 3000);
  expect(subject.limit(CEILING)).toBeLessThan(CEILING);
});

test('a provider that has always been slow is not cut for it', () => {
  const { subject, run } = adaptive();
  run(20_000, 3000);
  expect(subject.limit(CEILING)).toBe(CEILING);
});

test('a short busy moment of our own is no rising latency', () => {
  const { subject, run } = adaptive();
  run(1000, 5);
  run(50, 400);
  run(1000, 5);
  expect(subject.limit(CEILING)).toBe(CEILING);
});
