import { expect, test } from 'vitest';
import { listenAddress, listenHost } from '../../../src/kit/net/listen-address.ts';

test.each([
  ['127.0.0.1:9090', { host: '127.0.0.1', port: '9090' }],
  ['[::1]:9090', { host: '::1', port: '9090' }],
  [':9090', { host: '', port: '9090' }],
  ['localhost:0', { host: 'localhost', port: '0' }],
  ['[fe80::1%eth0]:9090', { host: 'fe80::1%eth0', port: '9090' }],
  ['::1:9090', undefined],
  ['[host]:9090', undefined],
  ['a b:9090', undefined],
  ['host:', undefined],
  ['host', undefined],
  ['host:70000', undefined],
])('%s listens at %j', (text, where) => {
  expect(listenAddress(text)).toEqual(where);
});

test.each([
  ['', ''],
  ['::', '::'],
  ['[::]', '::'],
  ['[::1]', '::1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['[fe80::1%eth0]', 'fe80::1%eth0'],
  ['[::ffff:127.0.0.1]', '::ffff:127.0.0.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['push-1.example.com', 'push-1.example.com'],
  ['my_host', 'my_host'],
  ['host.', 'host.'],
])('%j is the host %j', (text, host) => {
  expect(listenHost(text)).toBe(host);
});

test.each([
  '[127.0.0.1]',
  '[]',
  '[host]',
  '127.0.0.1:8088',
  '[::1]:8088',
  'a..b',
  'a b',
  'http://host',
  '[::1',
  'a/b',
  '-',
  'x'.repeat(300),
])('%j is no host', (text) => {
  expect(listenHost(text)).toBeUndefined();
});
