import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MemoryStreamStore } from '../../../src/streams/memory/memory-stream-store.ts';
import { RedisRouter } from '../../../src/streams/redis/redis-router.ts';
import type { WakeUp } from '../../../src/streams/router/stream-router.ts';
import type { StreamEvent } from '../../../src/streams/stream-event.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { type StreamsRedisUnderTest, startStreamsRedis } from './streams-redis.ts';

const event = async (payload: string): Promise<StreamEvent> =>
  new MemoryStreamStore().save('ada', { type: 'a', payload, timestamp: '2026-05-08T10:00:00Z' });

describe('wake-ups through a Redis', needs('redis-server'), () => {
  let server: StreamsRedisUnderTest;
  const routers: RedisRouter[] = [];

  beforeAll(async () => {
    server = await startStreamsRedis();
  });
  afterEach(async () => {
    for (const router of routers.splice(0)) await router.close();
  });
  afterAll(() => server?.end());

  const open = async (isNew: boolean) => {
    const redis = await server.connect(isNew);
    const router = await RedisRouter.open({ redis });
    const heard: WakeUp[] = [];
    router.listen((wakeUps) => heard.push(...wakeUps));
    routers.push(router);
    return { router, heard, redis };
  };

  test('reach every other instance, with the event, and not the sender', async () => {
    const [one, two, three] = [await open(true), await open(false), await open(false)];
    const wakeUp = { user: 'ada', event: await event('"x"') };
    one.router.send([wakeUp, { user: 'bob', gone: true }]);
    for (const { heard } of [two, three])
      await eventually(() => expect(heard).toEqual([wakeUp, { user: 'bob', gone: true }]));
    expect(one.heard).toEqual([]);
  });

  test('of what is large go without it', async () => {
    const [one, two] = [await open(true), await open(false)];
    one.router.send([{ user: 'ada', event: await event(JSON.stringify('x'.repeat(200_000))) }]);
    await eventually(() => expect(two.heard).toEqual([{ user: 'ada' }]));
  });

  test('come again after the server was away; meanwhile sending neither fails nor holds up', async () => {
    const [one, two] = [await open(true), await open(false)];
    await server.program.stop('SIGKILL');
    for (let round = 0; round < 1000; round++) one.router.send([{ user: 'lost' }]);
    await server.program.start();
    await eventually(() => {
      one.router.send([{ user: 'ada' }]);
      expect(two.heard).toContainEqual({ user: 'ada' });
    });
  });

  test('ten thousand at once arrive in a few messages', async () => {
    const [one, two] = [await open(true), await open(false)];
    const wakeUps = await Promise.all(
      Array.from({ length: 10_000 }, async (_, index) => ({ user: `p${index}`, event: await event(`${index}`) })),
    );
    one.router.send(wakeUps);
    await eventually(() => expect(two.heard.map(({ user }) => user)).toEqual(wakeUps.map(({ user }) => user)));
  });

  test('what is no message of ours is passed over', async () => {
    const [one, two] = [await open(true), await open(false)];
    for (const text of ['{', 'null', '[]', '{"from":1}', '{"from":"x","wakeUps":[null,{"user":1}]}'])
      await one.redis.client.publish(`${one.redis.prefix}wake`, text);
    one.router.send([{ user: 'ada' }]);
    await eventually(() => expect(two.heard).toEqual([{ user: 'ada' }]));
  });
});
