import { expect, test } from 'vitest';
import { parseDuration } from '../../src/fcm/duration.ts';

test.each([
  ['3.5s', '3.5s'],
  ['60', '60s'],
  ['0s', '0s'],
  ['007.100s', '7.1s'],
  ['1.123456789123s', '1.123456789s'],
  ['99999999999999999s', '99999999999999999s'],
])('%s is %s', (given, text) => {
  expect(parseDuration(given)).toEqual({ negative: false, text });
});

test('a negative duration is told apart from nothing', () => {
  expect(parseDuration('-0.5s')).toEqual({ negative: true, text: '-0.5s' });
  expect(parseDuration('-0s')).toEqual({ negative: false, text: '0s' });
});

test('anything else is no duration', () => {
  for (const text of ['', 's', 'abc', '1m', '1.2.3s', '.5s']) expect(parseDuration(text)).toBeUndefined();
});
