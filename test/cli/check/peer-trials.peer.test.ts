import { expect, onTestFinished, test } from 'vitest';
import { brokers } from '../../queue/broker/real-brokers.ts';
import { needs } from '../../support/needs.ts';
import { startPostgres } from '../../support/postgres.ts';
import { startProgram } from '../../support/start-program.ts';
import { checked } from './check-kit.ts';

const quiet = {
  sandbox: { enabled: true },
  history: { path: '' },
  receipts: { path: '' },
  queue: { local: { path: '' } },
};

test('a Redis that is there answers for queue, counters, apps and streams', needs('redis-server'), async () => {
  const redis = await brokers.redis.start();
  onTestFinished(() => redis.end());
  const url = `redis://${redis.addr}`;
  const { tried } = await checked({
    ...quiet,
    queue: { engine: 'redis', redis: { addr: redis.addr } },
    stat: { engine: 'redis', redis: { addr: redis.addr } },
    apps: { redis: url },
    hub: { enabled: true, path: '', redis: url },
  });
  for (const key of ['queue.redis.addr', 'stat.redis.addr', 'apps.redis', 'hub.redis'])
    expect(tried[key]).toBe(`ok Redis at ${redis.addr} answers`);
});

test('a Redis that refuses the password fails the check', needs('redis-server'), async () => {
  const redis = await startProgram('redis-server', (port, dir) =>
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir].concat('--requirepass', 'right'),
  );
  onTestFinished(() => redis.end());
  const { ok, tried } = await checked({
    ...quiet,
    queue: { engine: 'redis', redis: { addr: redis.addr, password: 'x' } },
  });
  expect(ok).toBe(false);
  expect(tried['queue.redis.addr']).toMatch(/^FAIL .*WRONGPASS/);
});

test('NATS is asked for its JetStream, without which nothing is kept', needs('nats-server'), async () => {
  const [good, plain] = await Promise.all([
    brokers.nats.start(),
    startProgram('nats-server', (port) => ['-a', '127.0.0.1', '-p', String(port)]),
  ]);
  onTestFinished(async () => {
    await good.end();
    await plain.end();
  });
  const nats = (addr: string) => checked({ ...quiet, queue: { engine: 'nats', nats: { addr } } });
  expect((await nats(good.addr)).tried['queue.nats.addr']).toBe('ok NATS answers, with JetStream');
  expect((await nats(plain.addr)).tried['queue.nats.addr']).toMatch(/^FAIL NATS answers, but not its JetStream/);
});

test('nsqd answers', needs('nsqd'), async () => {
  const nsq = await brokers.nsq.start();
  onTestFinished(() => nsq.end());
  const { tried } = await checked({ ...quiet, queue: { engine: 'nsq', nsq: { addr: nsq.addr } } });
  expect(tried['queue.nsq.addr']).toBe('ok 1 nsqd answers');
});

test('PostgreSQL answers for the hub', needs('psql'), async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.end());
  const url = await postgres.database();
  const { tried } = await checked({ ...quiet, hub: { enabled: true, postgres: url } });
  expect(tried['hub.postgres']).toBe('ok PostgreSQL answers');
});
