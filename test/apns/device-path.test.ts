import fc from 'fast-check';
import { expect, test } from 'vitest';
import { devicePath } from '../../src/apns/device-path.ts';

test('a token of ordinary characters goes into the path as it is', () => {
  const token = '0123456789abcdefABCDEF'.repeat(4);
  expect(devicePath(token)).toBe(`/3/device/${token}`);
  expect(devicePath('a_b-c:d')).toBe('/3/device/a_b-c:d');
});

test('characters that a URL cannot hold are encoded, and an escape stays one', () => {
  expect(devicePath('é b')).toBe('/3/device/%C3%A9%20b');
  expect(devicePath('a%41')).toBe('/3/device/a%41');
  expect(devicePath('\ud800')).toBe('/3/device/%EF%BF%BD');
});

test('an empty token is missing, and not one to delete', () => {
  expect(devicePath('')).toMatchObject({ category: 'invalid_request', reason: 'MissingDeviceToken' });
});

test.each(['%zz', '%', 'a/b', '../4/broadcasts', '.', '..', 'a?b', 'a#b', 'a\nb', '\u007f', 'x'.repeat(5000)])(
  'a token that would lead elsewhere is a bad one: %j',
  (token) => {
    expect(devicePath(token)).toMatchObject({ category: 'invalid_token', reason: 'BadDeviceToken' });
  },
);

test('whatever the token is, the path is that of one device, or there is none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (token) => {
      const path = devicePath(token);
      if (typeof path === 'string') expect(path).toMatch(/^\/3\/device\/[\x21-\x22\x24-\x2e\x30-\x3e\x40-\x7e]+$/);
    }),
  );
});

test('no failure repeats the token', () => {
  expect(JSON.stringify(devicePath('secret/token'))).not.toContain('secret');
});
