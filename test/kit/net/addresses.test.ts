import { expect, test } from 'vitest';
import { addresses } from '../../../src/kit/net/addresses.ts';

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
