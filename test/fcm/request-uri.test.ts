import { expect, test } from 'vitest';
import { requestUriScheme } from '../../src/fcm/request-uri.ts';

test.each([
  ['https://e.com/i.png', 'https'],
  ['HTTPS://e.com', 'https'],
  ['https://e.com?q=a b', 'https'],
  ['http://user:p%40ss@e.com:8080/x', 'http'],
  ['http://[::1]:80/', 'http'],
  ['https://exämple.com/ü', 'https'],
  ['https://e.com:/x', 'https'],
  ['mailto:x', 'mailto'],
  ['/i.png', ''],
  ['//e.com/i.png', ''],
  ['*', ''],
])('%s is a URI whose scheme is "%s"', (text, scheme) => {
  expect(requestUriScheme(text)).toBe(scheme);
});

test.each([
  '',
  'nope',
  'i.png',
  ':x',
  '1http://e',
  'https://e.com:port/',
  'https://e com/',
  'https://e.com/%zz',
  '/a%2',
  'https://a\nb',
])('%j is none', (text) => {
  expect(requestUriScheme(text)).toBeUndefined();
});
