import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { RedisRouter } from '../../../src/streams/redis/redis-router.ts';
import type { StreamsRedis } from '../../../src/streams/redis/redis-server.ts';
import { RedisStreamStore } from '../../../src/streams/redis/redis-stream-store.ts';
import { Streams } from '../../../src/streams/streams.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { Collected } from '../collected.ts';
import { type StreamsRedisUnderTest, startStreamsRedis } from './streams-redis.ts';

const READERS = 2000;
const draft = { type: 'test', payload: '1', timestamp: '2026-05-08T10:00:00Z' };

const connections = async ({ client }: StreamsRedis): Promise<number> =>
  String(await client.call('CLIENT', 'LIST'))
    .trim()
    .split('\n').length;

/** Commands of clients that the server has done so far. */
async function commands({ client }: StreamsRedis): Promise<number> {
  const info = String(await client.call('INFO', 'commandstats'));
  return [...info.matchAll(/^cmdstat_(?:evalsha|eval|xread|xrange):calls=(\d+)/gm)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}

describe('readers of an instance', needs('redis-server'), () => {
  let server: StreamsRedisUnderTest;
  beforeAll(async () => {
    server = await startStreamsRedis();
  });
  afterAll(() => server?.end());

  test('share its connections to the Redis, and cost it no question each while nothing happens', async () => {
    const redis = await server.connect(true);
    const router = await RedisRouter.open({ redis });
    const streams = new Streams({ store: new RedisStreamStore({ redis }), router, pollMs: 1_000_000 });
    onTestFinished(async () => {
      await streams.close();
      await router.close();
    });
    const alone = await connections(redis);
    const sinks = await Promise.all(
      Array.from({ length: READERS }, async (_, each) => {
        const sink = new Collected();
        (await streams.subscribe(`person-${each}`, '', sink)).resume();
        return sink;
      }),
    );
    expect(await connections(redis)).toBe(alone);
    expect(alone).toBeLessThanOrEqual(4);
    const before = await commands(redis);
    await streams.poll();
    // A thousand people a question.
    expect((await commands(redis)) - before).toBeLessThanOrEqual(2 * Math.ceil(READERS / 1000));
    await streams.push('person-7', draft);
    await eventually(() => expect(sinks[7]?.texts).toEqual([1]));
    expect(sinks.reduce((sum, { events }) => sum + events.length, 0)).toBe(1);
  });
});
