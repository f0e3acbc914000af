import { expect, test } from 'vitest';
import { listenAddress } from '../../../src/kit/net/listen-address.ts';

test.each([
  ['127.0.0.1:9090', { host: '127.0.0.1', port: '9090' }],
  ['[::1]:9090', { host: '::1', port: '9090' }],
  [':9090', { host: '', port: '9090' }],
  ['localhost:0', { host: 'localhost', port: '0' }],
  ['::1:9090', undefined],
  ['host', undefined],
  ['host:70000', undefined],
])('%s listens at %j', (text, where) => {
  expect(listenAddress(text)).toEqual(where);
});
