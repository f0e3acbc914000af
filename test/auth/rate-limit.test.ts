import { expect, test } from 'vitest';
import { RateLimit } from '../../src/auth/rate-limit.ts';

function limitOf(rate: number) {
  let time = 0;
  const limit = new RateLimit(rate, () => time);
  return {
    take: () => limit.take(),
    after(ms: number) {
      time += ms;
    },
  };
}

test('a second may have as many requests as the rate says, in whatever order they come', () => {
  const { take, after } = limitOf(5);
  const taken = Array.from({ length: 7 }, () => take().allowed);
  expect(taken).toEqual([true, true, true, true, true, false, false]);
  after(400);
  expect([take().allowed, take().allowed, take().allowed]).toEqual([true, true, false]);
  after(10_000);
  expect(Array.from({ length: 6 }, () => take().allowed).filter(Boolean)).toHaveLength(5);
});

test('what is left is told, and when the whole is there again', () => {
  const { take } = limitOf(5);
  expect(take()).toEqual({
    allowed: true,
    quota: 5,
    windowSeconds: 1,
    remaining: 4,
    resetSeconds: 1,
    retryAfter: 0,
  });
});

test('less than one a second is one in a longer window', () => {
  const { take, after } = limitOf(0.1);
  expect(take()).toMatchObject({ allowed: true, quota: 1, windowSeconds: 10, remaining: 0, resetSeconds: 10 });
  after(4000);
  expect(take()).toMatchObject({ allowed: false, retryAfter: 6 });
  after(6000);
  expect(take().allowed).toBe(true);
});
