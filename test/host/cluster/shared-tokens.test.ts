import { expect, test } from 'vitest';
import { SharedTokens } from '../../../src/host/cluster/shared-tokens.ts';

const MINUTE = 60_000;

test("the first token of a key is everybody's until it is too old", () => {
  const clock = { now: 0 };
  const tokens = new SharedTokens(() => clock.now);
  const offer = (token: string, name = 'k', refused?: string) =>
    tokens.agree(name, { token, at: clock.now }, refused).token;
  expect(offer('a')).toBe('a');
  expect(offer('b')).toBe('a');
  expect(offer('c', 'other')).toBe('c');
  clock.now = 49 * MINUTE;
  expect(offer('d')).toBe('a');
  clock.now = 50 * MINUTE;
  expect(offer('e')).toBe('e');
});

test('a token that APNs refused is replaced once, whoever is told first', () => {
  const tokens = new SharedTokens(() => 0);
  const offer = (token: string, refused?: string) => tokens.agree('k', { token, at: 0 }, refused).token;
  expect(offer('a')).toBe('a');
  expect(offer('b', 'a')).toBe('b');
  expect(offer('c', 'a')).toBe('b');
  expect(offer('d')).toBe('b');
});
