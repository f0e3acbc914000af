import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arePathSegments, pathSegment } from '../../src/apns/path-segment.ts';

test('a token of ordinary characters goes into the path as it is', () => {
  const token = '0123456789abcdefABCDEF'.repeat(4);
  expect(pathSegment(token)).toBe(token);
  expect(pathSegment('a_b-c:d')).toBe('a_b-c:d');
});

test('characters that a URL cannot hold are encoded, and an escape stays one', () => {
  expect(pathSegment('é b')).toBe('%C3%A9%20b');
  expect(pathSegment('a%41')).toBe('a%41');
  expect(pathSegment('\ud800')).toBe('%EF%BF%BD');
});

test('an empty token is missing, and not one to delete', () => {
  expect(pathSegment('')).toMatchObject({ category: 'invalid_request', reason: 'MissingDeviceToken' });
});

test.each(['%zz', '%', 'a/b', '../4/broadcasts', '.', '..', 'a?b', 'a#b', 'a\nb', '\u007f', 'x'.repeat(5000)])(
  'a token that would lead elsewhere is a bad one: %j',
  (token) => {
    expect(pathSegment(token)).toMatchObject({ category: 'invalid_token', reason: 'BadDeviceToken' });
  },
);

test('whatever the token is, it is one segment of a path, or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (token) => {
      const path = pathSegment(token);
      if (typeof path === 'string') expect(path).toMatch(/^[\x21-\x22\x24-\x2e\x30-\x3e\x40-\x7e]+$/);
    }),
  );
});

test('no failure repeats the token', () => {
  expect(JSON.stringify(pathSegment('secret/token'))).not.toContain('secret');
});

test('many are looked at together with the same result', () => {
  const token = fc.oneof(
    fc.stringMatching(/^[0-9a-f]{3,70}$/),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('..', '.', 'a/b'),
  );
  fc.assert(
    fc.property(fc.array(token, { minLength: 1 }), (tokens) => {
      if (arePathSegments(tokens)) expect(tokens.map(pathSegment)).toEqual(tokens);
    }),
  );
  expect(arePathSegments(['a1b2'.repeat(16), 'ABC-_.~'])).toBe(true);
});

test.each(['', '.', '..', 'x'.repeat(5000), 'a b', 'a%41', 'é'.repeat(4)])(
  'one that is not as it is written is seen among others: %j',
  (token) => {
    expect(arePathSegments(['abcd', token, 'abcd'])).toBe(false);
  },
);
