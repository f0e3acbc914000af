import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64 } from '../../src/webpush/base64.ts';

test('bytes come back, in either alphabet, with or without padding', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 70 }),
      fc.constantFrom('base64' as const, 'base64url' as const),
      fc.boolean(),
      (bytes, form, isBare) => {
        const text = Buffer.from(bytes).toString(form);
        expect(decodeBase64(isBare ? text.replace(/=+$/, '') : text)).toEqual(Buffer.from(bytes));
      },
    ),
  );
});

test('a text with any other character is refused, wherever it stands', () => {
  const text = Buffer.from('some sixteen byte').toString('base64url');
  for (const wrong of [' ', '\n', '!', '.', '=', 'ä', '\0', '🦊']) {
    for (let at = 0; at < text.length; at++) {
      expect(decodeBase64(text.slice(0, at) + wrong + text.slice(at)), `${wrong} at ${at}`).toBeUndefined();
    }
  }
  expect(decodeBase64('A')).toBeUndefined();
  expect(decodeBase64('AAAA===')).toBeUndefined();
});
