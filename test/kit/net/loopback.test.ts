import { expect, test } from 'vitest';
import { isLoopback } from '../../../src/kit/net/loopback.ts';

test.each([
  'localhost',
  'LOCALHOST',
  '127.0.0.1',
  '127.255.255.254',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  '[::ffff:7f00:1]',
])('%s never leaves this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  ['the empty host, which means all interfaces', ''],
  ['all interfaces', '0.0.0.0'],
  ['all interfaces', '::'],
  ['a neighbour', '10.0.0.1'],
  ['the next block', '128.0.0.1'],
  ['a name that begins like an address', '127.0.0.1.example.com'],
  ['a name that begins like localhost', 'localhost.example.com'],
  ['a name below localhost', 'app.localhost'],
  ['no address, though it looks like one', '127.0.0.256'],
  ['a short spelling, which not every resolver reads', '127.1'],
  ['a name with a port', 'localhost:8088'],
  ['a name with a user', 'user@localhost'],
  ['IPv4 in brackets', '[127.0.0.1]'],
  ['a name in brackets', '[localhost]'],
  ['a mapped address of elsewhere', '::ffff:10.0.0.1'],
  ['a line break behind it', '127.0.0.1\n'],
])('%s is not loopback: %j', (_, host) => {
  expect(isLoopback(host)).toBe(false);
});
