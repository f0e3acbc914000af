import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutToSegments, encodingOf, normalised, sizeOfSms } from '../../src/sms/segments.ts';

describe('how many segments a text makes', () => {
  // Lengths that Twilio's pages on segments and its message segment calculator give.
  test.each([
    ['an empty text', '', 'gsm-7', 1],
    ['160 plain characters', 'a'.repeat(160), 'gsm-7', 1],
    ['161 plain characters', 'a'.repeat(161), 'gsm-7', 2],
    ['306 plain characters', 'a'.repeat(306), 'gsm-7', 2],
    ['307 plain characters', 'a'.repeat(307), 'gsm-7', 3],
    ['80 euro signs, two septets each', '€'.repeat(80), 'gsm-7', 1],
    ['81 euro signs', '€'.repeat(81), 'gsm-7', 2],
    ['an escaped character is not parted at the end of a segment', `${'a'.repeat(152)}€${'a'.repeat(152)}`, 'gsm-7', 3],
    ['70 UTF-16 units', 'ж'.repeat(70), 'ucs-2', 1],
    ['71 UTF-16 units', 'ж'.repeat(71), 'ucs-2', 2],
    ['134 UTF-16 units', 'ж'.repeat(134), 'ucs-2', 2],
    ['135 UTF-16 units', 'ж'.repeat(135), 'ucs-2', 3],
    ['35 emojis, two units each', '😀'.repeat(35), 'ucs-2', 1],
    ['36 emojis', '😀'.repeat(36), 'ucs-2', 2],
    ['an emoji is not parted: 33 of them fit into 67 units', '😀'.repeat(67), 'ucs-2', 3],
    ['a bracket counts once in UCS-2', `${'['.repeat(69)}ж`, 'ucs-2', 1],
  ])('%s', (_, text, encoding, segments) => {
    expect(sizeOfSms(text)).toEqual({ encoding, segments });
  });
});

test('typographic characters do not make a text UCS-2', () => {
  const text = normalised('“Don’t”\u00a0– wait…\r\nok\u200b');
  expect(text).toBe('"Don\'t" - wait...\nok');
  expect(encodingOf(text)).toBe('gsm-7');
});

test('a text that is too long is cut at a grapheme, with three dots inside the cap', () => {
  expect(cutToSegments('a'.repeat(500), 2)).toBe(`${'a'.repeat(303)}...`);
  const family = '👨‍👩‍👧‍👦';
  const cut = cutToSegments(family.repeat(30), 1);
  expect(cut.endsWith(`${family}...`)).toBe(true);
  expect(sizeOfSms(cut).segments).toBe(1);
});

test('whatever the text is, what is left fits and is its beginning', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 3000, size: 'max' }),
      fc.integer({ min: 1, max: 10 }),
      (text, most) => {
        const cut = cutToSegments(text, most);
        expect(sizeOfSms(cut).segments).toBeLessThanOrEqual(most);
        expect(cut === text || text.startsWith(cut.slice(0, -3).trimEnd())).toBe(true);
        expect(cut.isWellFormed()).toBe(text.isWellFormed() || cut.isWellFormed());
      },
    ),
    { numRuns: 200 },
  );
});
