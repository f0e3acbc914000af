import { expect, test } from 'vitest';
import { addresses, badAddress } from '../../../src/kit/net/addresses.ts';

test.each([
  ['redis', [{ host: 'redis', port: 6379 }]],
  ['redis:7000', [{ host: 'redis', port: 7000 }]],
  [
    ' a:1, b ,',
    [
      { host: 'a', port: 1 },
      { host: 'b', port: 6379 },
    ],
  ],
  [':7000', [{ host: '127.0.0.1', port: 7000 }]],
  ['[::1]:7000', [{ host: '::1', port: 7000 }]],
  ['::1', [{ host: '::1', port: 6379 }]],
])('%j', (list, expected) => {
  expect(addresses(list, 6379)).toEqual(expected);
});

test.each(['', 'redis', 'redis:1', ':7000', '[::1]:7000', '::1', '[fe80::1%eth0]:1', ' a:1, b ,'])(
  '%j holds addresses',
  (list) => {
    expect(badAddress(list)).toBeUndefined();
  },
);

test.each([
  ['a:b', 'a:b'],
  ['a:1,redis://b:2', 'redis://b:2'],
  ['a:70000', 'a:70000'],
  ['[a]:1', '[a]:1'],
  ['a b', 'a b'],
  ['a:1:2', 'a:1:2'],
])('%j does not: %j', (list, bad) => {
  expect(badAddress(list)).toBe(bad);
});
