import { expect, test } from 'vitest';
import { byWords, noticeData, noticeMessage, noticeTitle, withoutActor } from '../../../src/hub/words/notice-text.ts';

test('texts are cut at 200 and 600 characters, and no character in two', () => {
  expect(noticeTitle('a'.repeat(200))).toBe('a'.repeat(200));
  expect(noticeTitle('a'.repeat(201))).toBe(`${'a'.repeat(199)}…`);
  expect(noticeMessage('🔥'.repeat(600))).toBe('🔥'.repeat(600));
  expect(noticeMessage('🔥'.repeat(601))).toBe(`${'🔥'.repeat(599)}…`);
});

test('data goes along up to 1 KiB of JSON, whole or not at all', () => {
  const fits = { text: 'x'.repeat(1024 - '{"text":""}'.length) };
  expect(noticeData(fits)).toBe(fits);
  expect(noticeData({ text: `${fits.text}x` })).toEqual({});
  expect(noticeData(undefined)).toEqual({});
});

test('who was erased is taken out of what named them', () => {
  const said = byWords('Resolved', { name: 'ada', isNamed: true });
  expect(said).toBe('Resolved by ada.');
  expect(withoutActor(said, 'ada')).toBe('Resolved.');
  expect(withoutActor(said, 'da')).toBe(said);
  expect(byWords('Resolved', { name: 'the key', isNamed: false })).toBe('Resolved.');
});
