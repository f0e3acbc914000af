import { expect, test } from 'vitest';
import { LoopClock } from '../../src/http2/loop-clock.ts';

test('time passes as it is, but a long turn counts only as the longest one allowed', () => {
  let real = 1000;
  const clock = new LoopClock(100, () => real);
  expect(clock.now()).toBe(0);
  real += 60;
  expect(clock.now()).toBe(60);
  real += 5000;
  expect(clock.now()).toBe(160);
  real += 100;
  expect(clock.now()).toBe(260);
});
