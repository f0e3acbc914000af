import { expect, test } from 'vitest';
import { natsServers } from '../../../src/queue/nats/nats-servers.ts';

test.each([
  ['127.0.0.1:4222', { servers: ['127.0.0.1:4222'], tls: false }],
  ['nats', { servers: ['nats:4222'], tls: false }],
  ['nats://a:1, tls://b', { servers: ['a:1', 'b:4222'], tls: true }],
  ['nats://me:p%40ss@a', { servers: ['a:4222'], user: 'me', pass: 'p@ss', tls: false }],
  ['nats://s3cret@a', { servers: ['a:4222'], token: 's3cret', tls: false }],
])('%j', (list, expected) => {
  expect(natsServers(list)).toEqual(expected);
});

test('what is no address is an error', () => {
  expect(() => natsServers('nats://a:port')).toThrow();
});
