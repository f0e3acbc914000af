import { expect, test } from 'vitest';
import { Breaker } from '../../src/kit/breaker.ts';

function breaker() {
  const clock = { now: 0 };
  const subject = new Breaker({ threshold: 3, firstMs: 1000, maxMs: 8000, now: () => clock.now, random: () => 0.5 });
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) subject.failed();
  };
  return { subject, clock, fail };
}

test('stays closed while failures are interrupted by a success', () => {
  const { subject, fail } = breaker();
  fail(2);
  subject.succeeded();
  fail(2);
  expect(subject.state).toBe('closed');
  expect(subject.admit()).toBe(Number.POSITIVE_INFINITY);
});

test('opens after as many failures in a row as its threshold', () => {
  const { subject, fail } = breaker();
  fail(3);
  expect(subject.state).toBe('open');
  expect(subject.admit()).toBe(0);
  expect(subject.waitMs()).toBe(1000);
});

test('a heavy failure counts for several', () => {
  const { subject } = breaker();
  subject.failed(3);
  expect(subject.state).toBe('open');
});

test('admits one probe when the pause is over, and no second one', () => {
  const { subject, clock, fail } = breaker();
  fail(3);
  clock.now = 1000;
  expect(subject.admit()).toBe(1);
  expect(subject.state).toBe('half-open');
  expect(subject.admit()).toBe(0);
});

test('closes if the probe succeeds', () => {
  const { subject, clock, fail } = breaker();
  fail(3);
  clock.now = 1000;
  subject.admit();
  subject.succeeded();
  expect(subject.state).toBe('closed');
});

test('opens for longer each time the probe fails, up to the longest pause', () => {
  const { subject, clock, fail } = breaker();
  fail(3);
  const pauses: number[] = [];
  for (let i = 0; i < 6; i++) {
    pauses.push(subject.waitMs());
    clock.now += subject.waitMs();
    subject.admit();
    subject.failed();
  }
  expect(pauses).toEqual([1000, 1500, 2500, 4500, 4500, 4500]);
});

test('a probe that was not needed can be given back', () => {
  const { subject, clock, fail } = breaker();
  fail(3);
  clock.now = 1000;
  subject.admit();
  subject.returnProbe();
  expect(subject.admit()).toBe(1);
});
