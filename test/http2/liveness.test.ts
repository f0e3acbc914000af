import { expect, test } from 'vitest';
import { Liveness } from '../../src/http2/liveness.ts';

const options = { pingIdleMs: 1000, pingSilenceMs: 200, pingTimeoutMs: 300 };

test('a ping after idleness, earlier when answers are awaited', () => {
  const idle = new Liveness(options, 0);
  expect([idle.check(999, false), idle.check(1000, false)]).toEqual(['fine', 'ping']);
  expect([idle.check(199, true), idle.check(200, true)]).toEqual(['fine', 'ping']);
});

test('one ping at a time, and suspicion when nothing arrives after it', () => {
  const life = new Liveness(options, 0);
  life.pinged(1000);
  expect([life.check(1299, true), life.check(1300, true)]).toEqual(['fine', 'suspect']);
  life.pinged(1200);
  expect(life.check(1300, true)).toBe('suspect');
});

test('anything heard is a sign of life', () => {
  const life = new Liveness(options, 0);
  life.pinged(1000);
  life.heard(1290);
  expect([life.check(1400, true), life.check(1490, true), life.check(2290, false)]).toEqual(['fine', 'ping', 'ping']);
});
