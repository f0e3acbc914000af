import { expect, test } from 'vitest';
import { unknownFields } from '../../src/kit/json/unknown-fields.ts';
import { nearest } from '../../src/kit/nearest.ts';

const KNOWN = ['title', 'message', 'collapse_key', 'cancel_key', 'to', 'expires_at', 'priority'];

test.each([
  ['titel', 'title'],
  ['mesage', 'message'],
  ['collapseKey', 'collapse_key'],
  ['expiresAt', 'expires_at'],
  ['proirity', 'priority'],
  ['ti', 'to'],
])('%s was probably %s', (word, meant) => {
  expect(nearest(word, KNOWN)).toBe(meant);
});

test('what is near to nothing has no nearest', () => {
  for (const word of ['', 'recipients', 'x', 'title_of_the_message', 'q'.repeat(100_000)])
    expect(nearest(word, KNOWN), word.slice(0, 20)).toBeUndefined();
});

test('of two that are near the nearer one is named', () => {
  expect(nearest('cancelkey', ['collapse_key', 'cancel_key'])).toBe('cancel_key');
});

test('unknown fields are named with their place, and the field that was meant', () => {
  expect(unknownFields({ titel: '', to: {}, foo: 1 }, KNOWN)).toEqual([
    { path: 'titel', reason: 'unknown field; did you mean "title"?' },
    { path: 'foo', reason: 'unknown field' },
  ]);
  expect(unknownFields({ chanel: 'push' }, ['channel'], 'plan[0]')).toEqual([
    { path: 'plan[0].chanel', reason: 'unknown field; did you mean "channel"?' },
  ]);
});

test('names that Object has by itself are unknown like others, and a long or odd name is cut', () => {
  const odd = JSON.parse('{"__proto__": 1, "constructor": 2}') as object;
  expect(unknownFields(odd, KNOWN).map(({ path }) => path)).toEqual(['__proto__', 'constructor']);
  expect(unknownFields({ ['a\nb\u0000'.padEnd(500, 'x')]: 1 }, KNOWN)[0]?.path).toHaveLength(64);
  expect(unknownFields({ 'a\nb': 1 }, KNOWN)[0]?.path).toBe('a\u{fffd}b');
});
