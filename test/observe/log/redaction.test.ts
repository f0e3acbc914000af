import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorRedactor, maskToken } from '../../../src/observe/log/redaction.ts';
import { failed, settlement } from '../../support/settlement.ts';

test.each([
  ['', ''],
  ['abc', '***'],
  ['abcdefghij123456789', '*******************'],
  ['abcdefghij1234567890', '********************'],
  ['abcdefghijXabcdefghij', '**********X**********'],
  [
    '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    '**********abcdef0123456789abcdef0123456789abcdef012345**********',
  ],
])('%j is masked as %j', (token, masked) => {
  expect(maskToken(token)).toBe(masked);
});

test('a mask has as many characters as the token and never shows an end of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (token) => {
      const characters = [...token];
      const masked = [...maskToken(token)];
      expect(masked).toHaveLength(characters.length);
      expect(masked.slice(0, 10).every((c) => c === '*')).toBe(true);
      expect(masked.slice(-10).every((c) => c === '*')).toBe(true);
      expect(masked.slice(10, -10)).toEqual(characters.length < 20 ? [] : characters.slice(10, -10));
    }),
  );
});

test('an error keeps its words where they are none of the caller', () => {
  const redact = errorRedactor(settlement(['a1'], [failed()]), { tokens: true, messages: true });
  expect(redact('Unregistered a1 hi')).toBe('Unregistered a1 hi');
});

test('data nested very deep is no trouble', () => {
  let data: Record<string, never> | object = { text: 'canary' };
  for (let i = 0; i < 100_000; i++) data = { data };
  const notification = { tokens: ['a1'], platform: 2, data: data as never };
  const redact = errorRedactor(settlement(['a1'], [failed()], { notification }), { tokens: false, messages: true });
  expect(redact('no canary here')).toBe('no (redacted) here');
});
