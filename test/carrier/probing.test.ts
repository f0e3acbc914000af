import { expect, test } from 'vitest';
import { Probing } from '../../src/carrier/probing.ts';
import { ACCEPTED, type Category, type Failed } from '../../src/push/push.ts';

const failed = (category: Category): Failed => ({ kind: 'failed', category, reason: category, error: category });

function setUp() {
  const clock = { now: 1000 };
  return { clock, probing: new Probing(10_000, () => clock.now) };
}

test('a push that is let in ends a trouble; only an accepted one ends a refused credential', () => {
  const { probing } = setUp();
  probing.note(failed('unavailable'));
  expect(probing.lastFailure?.category).toBe('unavailable');
  probing.note(failed('invalid_token'));
  expect(probing.lastFailure).toBeUndefined();
  probing.note(failed('credential'));
  probing.note(failed('invalid_request'));
  expect(probing.lastFailure?.category).toBe('credential');
  probing.note(ACCEPTED);
  expect(probing.lastFailure).toBeUndefined();
  expect(probing.lastSuccessAt).toBe(1000);
});

test('a probe that is let in ends everything, and one without an answer leaves a refused credential refused', () => {
  const { probing } = setUp();
  probing.note(failed('credential'));
  probing.probed(failed('not_sent'));
  expect(probing.lastFailure?.category).toBe('credential');
  probing.probed(failed('invalid_token'));
  expect(probing.lastFailure).toBeUndefined();
  probing.probed(failed('not_sent'));
  expect(probing.lastFailure?.category).toBe('not_sent');
});

test('a probe is due a while after the last trouble, once each time', () => {
  const { clock, probing } = setUp();
  expect(probing.takeDue()).toBe(true);
  expect(probing.takeDue()).toBe(false);
  probing.note(failed('unavailable'));
  clock.now += 9999;
  expect(probing.isDue).toBe(false);
  clock.now += 1;
  expect(probing.isDue).toBe(true);
  probing.postpone();
  expect(probing.takeDue()).toBe(false);
});
