import { writeFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { StreamsRedis } from '../../../src/streams/redis/redis-server.ts';
import { RedisStreamStore, type RedisStreamStoreOptions } from '../../../src/streams/redis/redis-stream-store.ts';
import type { EventDraft, StreamEvent } from '../../../src/streams/stream-event.ts';
import { redisSettings } from '../../queue/broker/real-brokers.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { type RunningProgram, startProgram } from '../../support/start-program.ts';

const draft = (text: string, key?: string): EventDraft => ({
  ...{ type: 'test.event', payload: JSON.stringify(text), timestamp: '2026-05-08T10:00:00Z' },
  ...(key === undefined ? {} : { key }),
});
const textsOf = (events: readonly StreamEvent[]): unknown[] => events.map(({ payload }) => JSON.parse(payload));

const args = (port: number, folder: string): string[] =>
  ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder].concat(
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
  );

describe('streams in a Redis', needs('redis-server'), () => {
  let server: RunningProgram;
  const opened: (RunningProgram | StreamsRedis)[] = [];
  let number = 0;

  beforeAll(async () => {
    server = await startProgram('redis-server', args);
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await ('end' in each ? each.end() : each.close());
  });
  afterAll(() => server?.end());

  const open = async (options: Partial<RedisStreamStoreOptions> = {}, settings = redisSettings(server.addr, '')) => {
    const redis = await StreamsRedis.connect({ settings, prefix: `${number++}:` });
    opened.push(redis);
    return new RedisStreamStore({ ...options, redis });
  };
  const save = (store: RedisStreamStore, ...texts: string[]) =>
    store.saveBatch(texts.map((text) => ({ user: 'ada', draft: draft(text) }))) as Promise<StreamEvent[]>;
  const clientOf = () => (opened.at(-1) as StreamsRedis).client;

  test('a restart keeps what was saved; ids go on in a later epoch, so that none is given to a second event', async () => {
    const store = await open();
    const [, last] = await save(store, '1', '2');
    await server.stop('SIGKILL');
    await expect(store.save('ada', draft('lost'))).rejects.toThrow();
    await server.start();
    const third = await eventually(() => store.save('ada', draft('3', 'third')));
    expect(third.id > (last?.id as string)).toBe(true);
    const page = await store.list('ada', last?.id as string);
    expect([page.reset, textsOf(page.events)]).toEqual(['unknown_epoch', ['1', '2', '3']]);
    expect((await store.list('ada', third.id)).reset).toBeUndefined();
    expect((await store.list('ada', third.id)).events).toEqual([]);
  });

  test('FLUSHALL begins later epochs: readers are told, and new ids sort after the old ones', async () => {
    const store = await open();
    const [, last] = await save(store, '1', '2');
    await clientOf().flushall();
    const page = await store.list('ada', last?.id as string);
    expect([page.reset, page.events]).toEqual(['unknown_epoch', []]);
    const [again] = await save(store, 'new');
    expect((again?.id as string) > (last?.id as string)).toBe(true);
    expect(textsOf((await store.list('ada', page.bounds.head)).events)).toEqual(['new']);
  });

  test('after a failover to a replica that was behind, an id that was lost is not given out again', async () => {
    const master = await startProgram('redis-server', args);
    const replica = await startProgram('redis-server', (port, folder) =>
      args(port, folder).concat('--replicaof', '127.0.0.1', String(master.port)),
    );
    const sentinel = await startProgram('redis-server', (port, folder) => {
      const lines = [`port ${port}`, 'bind 127.0.0.1', `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`];
      const fast = ['sentinel down-after-milliseconds mymaster 500', 'sentinel failover-timeout mymaster 3000'];
      writeFileSync(`${folder}/sentinel.conf`, [...lines, ...fast, ''].join('\n'));
      return [`${folder}/sentinel.conf`, '--sentinel'];
    });
    opened.push(sentinel, replica, master);
    const lookout = new Redis({ port: sentinel.port });
    onTestFinished(() => lookout.disconnect());
    await eventually(async () => expect(await lookout.call('SENTINEL', 'replicas', 'mymaster')).toHaveLength(1));
    const settings = { ...redisSettings(sentinel.addr, ''), sentinel: 'mymaster' };
    const store = await eventually(() => open({}, settings));
    const kept = await save(store, '1', '2');
    const behind = await StreamsRedis.connect({ settings: redisSettings(replica.addr, '') });
    opened.push(behind);
    await eventually(async () => expect(await behind.client.dbsize()).toBeGreaterThan(1));
    await eventually(async () => expect(await behind.client.info('replication')).toContain('master_link_status:up'));
    // The replica hears nothing of the third event.
    replica.signal('SIGSTOP');
    const [third] = await save(store, '3');
    await master.stop('SIGKILL');
    replica.signal('SIGCONT');
    const next = await eventually(() => store.save('ada', draft('4')));
    expect(next.id).not.toBe(third?.id);
    expect(next.id > (third?.id as string)).toBe(true);
    const page = await store.list('ada', third?.id as string);
    expect(page.reset).toBe('unknown_epoch');
    expect(textsOf(page.events)).toEqual(expect.arrayContaining(['1', '2', '4']));
    expect(kept).toHaveLength(2);
  });

  test('a server that stands still fails what is asked of it; what it did after all is not done again under its key', async () => {
    const store = await open();
    await save(store, '1');
    server.signal('SIGSTOP');
    await expect(store.save('ada', draft('2', 'second'))).rejects.toThrow();
    server.signal('SIGCONT');
    await eventually(() => store.save('ada', draft('2', 'second')));
    expect(textsOf((await store.list('ada', '')).events)).toEqual(['1', '2']);
  });

  test('events that were evicted are told as trimmed, not passed over', async () => {
    const store = await open();
    const [first] = await save(store, '1', '2', '3');
    const [stream] = (await clientOf().keys(`${number - 1}:*s`)) as [string];
    await clientOf().xdel(stream, '1-0', '2-0');
    const some = await store.list('ada', first?.id as string);
    expect([some.reset, textsOf(some.events)]).toEqual(['trimmed', ['3']]);
    await clientOf().del(stream);
    expect((await store.list('ada', first?.id as string)).reset).toBe('trimmed');
    expect(textsOf(await save(store, '4'))).toEqual(['4']);
    expect(textsOf((await store.list('ada', '')).events)).toEqual(['4']);
  });

  test('every key has an end, and none holds a name', async () => {
    const store = await open({ keepMs: 60_000 });
    await save(store, '1');
    await store.bounds(['bob']);
    const keys = await clientOf().keys(`${number - 1}:*`);
    expect(keys.join()).not.toMatch(/ada|bob/);
    const lasting = await Promise.all(keys.map(async (key) => ({ key, ttl: await clientOf().pttl(key) })));
    expect(lasting.filter(({ ttl }) => ttl < 0).map(({ key }) => key)).toEqual([`${number - 1}:oldest`]);
    expect(Math.max(...lasting.map(({ ttl }) => ttl))).toBeLessThanOrEqual(120_000);
  });
});
