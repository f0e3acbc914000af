import { expect, test } from 'vitest';
import { complaint, load, yamlOf } from '../../config/config-folder.ts';

test.each([
  [
    { 'queue.engine': 'redis', 'queue.redis.cluster': true, 'queue.redis.sentinel': 'm' },
    'queue.redis.sentinel: a cluster',
  ],
  [{ 'queue.engine': 'redis', 'queue.redis.cluster': true, 'queue.redis.db': 1 }, 'queue.redis.db: a cluster has only'],
  [{ 'queue.engine': 'nats', 'queue.nats.addr': 'a:b' }, 'queue.nats.addr: must be host:port'],
  [{ 'queue.engine': 'nats', 'queue.nats.creds_path': 'gone.creds' }, 'queue.nats.creds_path: no such file'],
  [{ 'queue.engine': 'redis', 'queue.redis.claim_after': 0 }, 'queue.redis.claim_after'],
  [
    { 'queue.require_durable': true, 'queue.local.path': '' },
    'queue.local.path: is empty, so that accepted pushes are in memory only, and queue.require_durable is set: name a file',
  ],
  [
    { 'queue.require_durable': true, 'queue.engine': 'nsq', 'queue.nsq.topic': 'gorush#ephemeral' },
    'queue.nsq.topic: is ephemeral',
  ],
])('%j is refused', (values, expected) => {
  expect(complaint(() => load(yamlOf(values)))).toContain(expected);
});

test.each([
  { 'queue.engine': 'redis', 'queue.redis.addr': 'a:1,b:2', 'queue.redis.cluster': true },
  { 'queue.engine': 'nats', 'queue.nats.addr': 'nats://u:p@a:1,b' },
  { 'queue.engine': 'nsq', 'queue.nsq.addr': 'a,b' },
  { 'queue.require_durable': true },
  { 'queue.require_durable': true, 'queue.engine': 'nsq', 'queue.local.path': '' },
  { 'queue.nats.creds_path': 'unused while the engine is local' },
])('%j is fine', (values) => {
  expect(load(yamlOf(values)).warnings).toEqual([]);
});

test('sync mode with a broker is warned of', () => {
  const { warnings } = load(yamlOf({ 'queue.engine': 'nsq', 'core.sync': true }));
  expect(warnings.join()).toContain('core.sync');
});

test('with each broker the pushes of an instance that died go to others within five seconds where nothing is set', () => {
  const { nsq, nats, redis } = load(yamlOf({ 'queue.engine': 'nsq' })).config.queue;
  expect([nsq.claim_after, nats.lease, redis.lease]).toEqual([5, 5, 5]);
  expect([nats.claim_after, redis.claim_after]).toEqual([30, 30]);
});
