import { expect, test } from 'vitest';
import { parseHeaders } from '../../src/feedback/headers.ts';

test('a header is split at its first colon', () => {
  expect(parseHeaders(['X-Link:https://e.com/a', 'X-Time: 10:30 ', 'Authorization:Basic YTpi']).headers).toEqual({
    'x-link': 'https://e.com/a',
    'x-time': '10:30',
    authorization: 'Basic YTpi',
  });
});

test('the last of several with one name counts', () => {
  expect(parseHeaders(['X-Twice:1', 'x-twice:2']).headers).toEqual({ 'x-twice': '2' });
});

test('headers that the client sets itself are left out', () => {
  const list = ['Content-Type:text/plain', 'Host:x', 'Content-Length:1', 'Transfer-Encoding:chunked', ''];
  expect(parseHeaders(list)).toEqual({ headers: {}, unusable: [] });
});

test('what cannot be sent is named, without its value', () => {
  const { headers, unusable } = parseHeaders(['no colon', 'bad name:secret', 'X-Bad:a\nsecret: b', ':secret']);
  expect(headers).toEqual({});
  expect(unusable).toEqual(['no. 1', '"bad name"', '"x-bad"', 'no. 4']);
});

test('text beyond ASCII goes as UTF-8', () => {
  const value = parseHeaders(['X-Name:ü']).headers['x-name'] as string;
  expect(Buffer.from(value, 'latin1').toString('utf8')).toBe('ü');
});
