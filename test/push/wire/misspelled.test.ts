import { expect, test } from 'vitest';
import { builtIn } from '../../../src/providers/registry.ts';

const warningsOf = (...notifications: object[]) => {
  const decoded = builtIn.decoder.decode(JSON.stringify({ notifications }));
  return decoded.ok ? (decoded.warnings ?? []) : decoded.details;
};

test('what is nearly a field is told, with the field that was meant', () => {
  expect(warningsOf({ platform: 1, token: ['a'], mesage: 'hi' }, { platform: 2, tokens: ['b'], titel: 'x' })).toEqual([
    { path: 'notifications[0].token', reason: 'is no field, and was left out', did_you_mean: 'tokens' },
    { path: 'notifications[0].mesage', reason: 'is no field, and was left out', did_you_mean: 'message' },
    { path: 'notifications[1].titel', reason: 'is no field, and was left out', did_you_mean: 'title' },
  ]);
});

test('fields in another case, null, and keys that are near to nothing are not told', () => {
  expect(
    warningsOf({ platform: 1, Tokens: ['a'], MESSAGE: 'hi', badge: null, x: 1, 'my-own-tracking-id': 'secret' }),
  ).toEqual([]);
});

test('there are at most twenty', () => {
  const many = Array.from({ length: 30 }, () => ({ platform: 1, token: ['a'] }));
  expect(warningsOf(...many)).toHaveLength(20);
});
