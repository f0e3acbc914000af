import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  connectRedis,
  createNotifier,
  EARLIEST,
  type EventRouter,
  memoryStore,
  memoryTracker,
  type Notifier,
  NotifyStore,
  type NotifyStream,
} from '../../src/notify/create-notifier.ts';
import { MemoryStreamStore } from '../../src/streams/memory/memory-stream-store.ts';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/needs.ts';
import { type RunningProgram, startProgram } from '../support/start-program.ts';

/** Never by itself. */
const RARELY_MS = 1_000_000;

const read = async (stream: NotifyStream, count: number): Promise<unknown[]> => {
  const events = [];
  for (let at = 0; at < count; at++) events.push((await stream.next()).payload);
  return events;
};

describe('instances with a router of their own', () => {
  test('W19 an event goes to every instance at which its person is, and to none where not', async () => {
    const [store, presence] = [memoryStore(), memoryTracker()];
    const routed: string[] = [];
    const instances = new Map<string, Notifier>();
    const router: EventRouter = {
      async route({ instanceId = '' }, event) {
        routed.push(`${event.userId} to ${instanceId}`);
        instances.get(instanceId)?.deliver(event.userId, event);
      },
    };
    for (const instanceId of ['a', 'b', 'c'])
      instances.set(instanceId, createNotifier({ store, presence, router, instanceId, pollInterval: RARELY_MS }));
    onTestFinished(async () => {
      for (const notifier of instances.values()) await notifier.close();
    });
    const at = (name: string): Notifier => instances.get(name) as Notifier;
    const registrations = await Promise.all(['a', 'b'].map((instanceId) => presence.register('ada', { instanceId })));
    await presence.register('ada');
    const streams = [await at('a').subscribe('ada'), await at('b').subscribe('ada')];
    for (let payload = 0; payload < 5; payload++) await at('a').push('ada', { type: 't', payload });
    for (const stream of streams) expect(await read(stream, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(routed)).toEqual(new Set(['ada to b']));
    await registrations[0]?.unregister();
    await at('c').push('ada', { type: 't', payload: 5 });
    expect(await read(streams[1] as NotifyStream, 1)).toEqual([5]);
  });

  test('a router that fails is told of, and costs a question to the store', async () => {
    const [store, presence] = [memoryStore(), memoryTracker()];
    const told: string[] = [];
    const router: EventRouter = { route: () => Promise.reject(new Error('no way')) };
    const log = (level: string, message: string): number => told.push(`${level} ${message}`);
    const one = createNotifier({ store, presence, router, instanceId: 'one', log });
    const two = createNotifier({ store, presence, instanceId: 'two', pollInterval: 20 });
    onTestFinished(async () => {
      await one.close();
      await two.close();
    });
    await presence.register('ada', { instanceId: 'two' });
    const stream = await two.subscribe('ada');
    await one.push('ada', { type: 't', payload: 1 });
    expect(await read(stream, 1)).toEqual([1]);
    await eventually(() => expect(told).toEqual(['warn notify: an event was not routed: no way']));
  });
});

test('W24 a store that is away fails the push, no reader sees what is not kept, and a push again under its key comes once', async () => {
  let isAway = false;
  class Flaky extends MemoryStreamStore {
    override async saveBatch(...given: Parameters<MemoryStreamStore['saveBatch']>) {
      if (isAway) throw new Error('away');
      return super.saveBatch(...given);
    }
  }
  const notifier = createNotifier({ store: new NotifyStore(new Flaky()) });
  onTestFinished(() => notifier.close());
  const stream = await notifier.subscribe('ada');
  isAway = true;
  await expect(notifier.push('ada', { type: 't', payload: 1, key: 'k' })).rejects.toThrow('away');
  isAway = false;
  for (let round = 0; round < 3; round++) await notifier.push('ada', { type: 't', payload: 1, key: 'k' });
  await notifier.push('ada', { type: 't', payload: 2 });
  expect(await read(stream, 2)).toEqual([1, 2]);
});

describe('instances on one Redis', needs('redis-server'), () => {
  let server: RunningProgram;
  beforeEach(async () => {
    server = await startProgram('redis-server', (port, dir) =>
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir].concat('--save', '', '--appendonly', 'yes'),
    );
  });
  afterEach(() => server.end());

  async function instance(instanceId: string) {
    const redis = await connectRedis(`redis://${server.addr}`);
    const [store, presence, router] = [redis.store(), redis.tracker({ leaseMs: 600 }), await redis.router()];
    const notifier = createNotifier({ store, presence, router, instanceId, pollInterval: RARELY_MS });
    onTestFinished(async () => {
      await notifier.close();
      await router.close();
      await presence.close();
      await store.close();
      redis.close();
    });
    return { redis, notifier, presence };
  }

  test('W10, W11 a thousand streams have no connection of their own, and a push reaches all', async () => {
    const [one, two] = [await instance('one'), await instance('two')];
    const streams = await Promise.all(Array.from({ length: 1000 }, (_, at) => two.notifier.subscribe(`p${at % 10}`)));
    const watcher = await connectRedis(`redis://${server.addr}`, { prefix: 'other:' });
    onTestFinished(() => watcher.close());
    for (let at = 0; at < 10; at++) await one.notifier.push(`p${at}`, { type: 't', payload: at });
    for (const [at, stream] of streams.entries()) expect(await read(stream, 1)).toEqual([at % 10]);
    const { Redis } = await import('ioredis');
    const client = new Redis({ host: '127.0.0.1', port: server.port });
    onTestFinished(() => client.disconnect());
    const clients = String(await client.call('CLIENT', 'LIST')).match(/name=martlet/g) ?? [];
    // Two of each instance, and the watcher.
    expect(clients).toHaveLength(5);
  });

  test('N53, N54, W20, W21, W22 presence ends with its lease, its own registration or its tracker, and comes back after FLUSHALL', async () => {
    const [one, two] = [await instance('one'), await instance('two')];
    const old = await one.presence.register('ada', { instanceId: 'one' });
    const fresh = await two.presence.register('ada', { instanceId: 'two' });
    await old.unregister();
    await old.unregister();
    expect(await one.presence.locate('ada')).toEqual([{ instanceId: 'two' }]);
    const { Redis } = await import('ioredis');
    const client = new Redis({ host: '127.0.0.1', port: server.port });
    onTestFinished(() => client.disconnect());
    await client.flushall();
    await eventually(async () => expect(await one.presence.isOnline('ada')).toBe(true));
    // An instance that dies: its connection ends, and nothing renews its lease.
    two.redis.close();
    await eventually(async () => expect(await one.presence.isOnline('ada')).toBe(false));
    await fresh.unregister();
    const own = await one.presence.register('ada', { instanceId: 'one' });
    expect(own.id).not.toBe(old.id);
    await one.presence.close();
    const third = await instance('three');
    expect(await third.presence.isOnline('ada')).toBe(false);
  });

  test('W9 who waits gets away at once, and closing ends a thousand that wait', async () => {
    const { notifier } = await instance('one');
    const streams = await Promise.all(Array.from({ length: 1000 }, () => notifier.subscribe('ada', EARLIEST)));
    const abort = new AbortController();
    const waiting = streams.map((stream, at) => stream.next(at === 0 ? { signal: abort.signal } : {}));
    abort.abort(new Error('gone'));
    await expect(waiting[0]).rejects.toThrow('gone');
    const ended = Promise.allSettled(waiting);
    await notifier.close();
    expect((await ended).filter(({ status }) => status === 'rejected')).toHaveLength(1000);
    expect(notifier.active).toBe(0);
  });
});
