import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createStats } from '../../../src/observe/stats/create-stats.ts';
import { noStats, type StatCounts, type StatStore } from '../../../src/observe/stats/stats.ts';
import { buildConfig } from '../../support/config.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const { stat } = buildConfig(({ leaf }) => leaf.default);

let told: string[] = [];
const tell = (level: string, message: string) => void told.push(`${level}: ${message}`);
const open: StatStore[] = [];

async function stats(addr: string, more: object = {}): Promise<StatStore> {
  const store = await createStats({ ...stat, engine: 'redis', redis: { ...stat.redis, addr, ...more } }, tell);
  open.push(store);
  return store;
}

const counts = (some: Partial<StatCounts>): StatCounts => ({ ...noStats(), ...some });

beforeEach(() => {
  told = [];
});

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

describe('counters in a Redis', needs('redis-server'), () => {
  let redis: RedisServer;
  let line: TcpProxy;

  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    line = await startTcpProxy(redis.port);
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    await line.close();
    await redis.client.flushall();
  });
  afterAll(() => redis.close());

  const inRedis = async (name: string) => Number(await redis.client.get(`gorush-${name}-count`));

  test('go on from what a Gorush has counted, under its keys', async () => {
    await redis.client.set('gorush-total-count', '41');
    await redis.client.set('gorush-huawei-error-count', '7');
    const store = await stats(redis.addr);
    store.add('total_count', 1);
    expect(await store.read()).toEqual(counts({ total_count: 42, huawei_error: 7 }));
    expect(await redis.client.get('gorush-total-count')).toBe('42');
  });

  test('are written within about a second without anybody asking, and at the end', async () => {
    const store = await stats(redis.addr);
    store.add('ios_success', 2);
    await until(async () => (await inRedis('ios-success')) === 2);
    store.add('ios_success', 3);
    await store.close();
    open.pop();
    expect(await inRedis('ios-success')).toBe(5);
  });

  test('of several processes add up', async () => {
    const [one, two] = [await stats(redis.addr), await stats(redis.addr)];
    for (let i = 0; i < 10; i++) {
      one.add('android_error', 1);
      two.add('android_error', 2);
      await Promise.all([one.read(), two.read()]);
    }
    expect(await one.read()).toEqual(counts({ android_error: 30 }));
    expect(await two.read()).toEqual(counts({ android_error: 30 }));
  });

  test('leave nothing but the counters behind', async () => {
    const store = await stats(redis.addr);
    store.add('ios_success', 1);
    await store.read();
    await store.close();
    open.pop();
    expect(await redis.client.keys('*')).toEqual(['gorush-ios-success-count']);
  });

  test('can be in a database of another number, behind a password', async () => {
    await redis.client.config('SET', 'requirepass', 'secret');
    try {
      const store = await stats(redis.addr, { db: 3, password: 'secret', username: 'default' });
      store.add('ios_error', 4);
      await store.read();
      expect(await redis.client.dbsize()).toBe(0);
      await expect(stats(redis.addr, { password: 'wrong' })).rejects.toThrow(/stat\.redis\.addr .*WRONGPASS/);
      await expect(stats(redis.addr)).rejects.toThrow(/NOAUTH/);
    } finally {
      await redis.client.config('SET', 'requirepass', '');
    }
  });

  test('need no more rights than docs/operations.md names', async () => {
    const rights = ['get', 'set', 'incrby', 'hincrby', 'hgetall', 'del', 'eval', 'ping', 'info'].map(
      (name) => `+${name}`,
    );
    await redis.client.call('ACL', 'SETUSER', 'counter', 'on', '>pw', '~gorush-*', ...rights);
    const store = await stats(redis.addr, { username: 'counter', password: 'pw' });
    store.add('ios_error', 4, 'acme');
    expect(await store.read()).toEqual(counts({ ios_error: 4 }));
    await store.close();
    open.pop();
    const byApp = 'gorush-by-app-{gorush-ios-error-count}';
    expect((await redis.client.keys('*')).sort()).toEqual([byApp, 'gorush-ios-error-count']);
    expect(await redis.client.hgetall(byApp)).toEqual({ acme: '4' });
    expect(told).toEqual([]);
  });

  test('are added at once and without a wait however slow the line is', async () => {
    line.delayMs = 50;
    const store = await stats(line.addr);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    for (let i = 0; i < 100_000; i++) store.add('ios_success', 1);
    // Not a turn of the event loop has passed: nothing of it waited for the line.
    expect(turns).toBe(0);
    clearInterval(timer);
    expect(await store.read()).toEqual(counts({ ios_success: 100_000 }));
  });

  test('are counted once when the answer to a write is lost', async () => {
    const store = await stats(line.addr);
    line.deaf = true;
    store.add('ios_success', 5);
    await until(async () => (await inRedis('ios-success')) === 5);
    store.add('ios_success', 1);
    line.cut();
    line.deaf = false;
    await until(async () => (await inRedis('ios-success')) !== 5);
    expect(await inRedis('ios-success')).toBe(6);
    await until(async () => (await store.read()).ios_success === 6);
  });

  test('of apps are counted once, too, when the answer to a write is lost', async () => {
    const store = await stats(line.addr);
    const inHash = () => redis.client.hgetall('gorush-by-app-{gorush-ios-success-count}');
    line.deaf = true;
    store.add('ios_success', 5, 'acme');
    await until(async () => (await inHash()).acme === '5');
    store.add('ios_success', 1, 'beta');
    line.cut();
    line.deaf = false;
    await until(async () => (await inHash()).beta === '1');
    expect(await inHash()).toEqual({ acme: '5', beta: '1' });
    expect(await inRedis('ios-success')).toBe(6);
  });

  test('wait in memory while the Redis is down, with one warning, and are written when it is back', async () => {
    const store = await stats(redis.addr);
    store.add('total_count', 10);
    await store.read();
    await redis.kill();
    store.add('total_count', 5);
    expect(await store.read()).toEqual(counts({ total_count: 15 }));
    store.add('total_count', 1);
    expect(await store.read()).toEqual(counts({ total_count: 16 }));
    await redis.start();
    await until(async () => (await redis.client.get('gorush-total-count')) === '16');
    expect(await store.read()).toEqual(counts({ total_count: 16 }));
    await until(() => told.length === 2);
    expect(told).toEqual([
      expect.stringMatching(
        /^warn: .* they wait in memory: (the connection was lost|connect ECONNREFUSED|read ECONNRESET)/,
      ),
      'warn: stat.engine redis: counters are written again',
    ]);
  });

  test('go on at the new master after a failover, when the old one only reads', async () => {
    const successor = await startRedis();
    try {
      const store = await stats(line.addr);
      store.add('ios_success', 1, 'acme');
      await store.read();
      await redis.client.replicaof('127.0.0.1', 1);
      line.port = successor.port;
      store.add('ios_success', 2, 'acme');
      await until(async () => (await successor.client.get('gorush-ios-success-count')) === '2');
      expect(told[0]).toMatch(/READONLY/);
    } finally {
      await redis.client.replicaof('NO', 'ONE');
      await successor.close();
    }
  });

  test('that cannot be written at the end are told of', async () => {
    const store = await stats(redis.addr);
    await redis.kill();
    store.add('total_count', 5);
    await store.close();
    open.pop();
    expect(told.at(-1)).toBe('warn: stat.engine redis: the last counts could not be written');
    await redis.start();
  });

  test('need a Redis at the start', async () => {
    await expect(stats('127.0.0.1:1')).rejects.toThrow(
      'stat.redis.addr (127.0.0.1:1): storage error: connect ECONNREFUSED',
    );
    await expect(stats('127.0.0.1:1,127.0.0.1:2', { cluster: true })).rejects.toThrow(
      'stat.redis.addr (127.0.0.1:1,127.0.0.1:2): storage error: connect ECONNREFUSED 127.0.0.1:1',
    );
    await expect(stats(redis.addr, { cluster: true })).rejects.toThrow('cluster support disabled');
  });
});

describe('counters in a Redis cluster', needs('redis-server'), () => {
  const nodes: RedisServer[] = [];

  beforeAll(async () => {
    for (let i = 0; i < 3; i++) nodes.push(await startRedis(['--cluster-enabled', 'yes']));
    const bounds = [0, 5461, 10_923, 16_384];
    for (const [i, { client }] of nodes.entries()) {
      await client.call('CLUSTER', 'ADDSLOTSRANGE', bounds[i] as number, (bounds[i + 1] as number) - 1);
      await client.call('CLUSTER', 'MEET', '127.0.0.1', (nodes[0] as RedisServer).port);
    }
    for (const { client } of nodes)
      await until(async () =>
        /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test((await client.cluster('INFO')) as string),
      );
  });
  afterAll(async () => {
    for (const node of nodes) await node.close();
  });

  test('are spread over its nodes, and outlive the process', async () => {
    const addr = nodes.map((node) => node.addr).join(', ');
    const all = counts({});
    for (const [i, name] of (Object.keys(all) as (keyof StatCounts)[]).entries()) all[name] = i + 1;
    const store = await stats(addr, { cluster: true });
    for (const name of Object.keys(all) as (keyof StatCounts)[]) store.add(name, all[name], 'acme');
    await store.close();
    open.pop();
    const sizes = await Promise.all(nodes.map(({ client }) => client.dbsize()));
    expect(sizes.reduce((sum, size) => sum + size)).toBe(14);
    expect(Math.max(...sizes)).toBeLessThan(14);
    const reading = await (await stats(addr, { cluster: true })).readByApp();
    expect(reading).toEqual({ counts: all, apps: new Map([['acme', all]]) });
  });
});
