import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RedisPresence } from '../../../src/streams/redis/redis-presence.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { type StreamsRedisUnderTest, startStreamsRedis } from './streams-redis.ts';

const LEASE_MS = 900;

describe('presence in a Redis', needs('redis-server'), () => {
  let server: StreamsRedisUnderTest;
  const trackers: RedisPresence[] = [];

  beforeAll(async () => {
    server = await startStreamsRedis();
  });
  afterEach(async () => {
    for (const tracker of trackers.splice(0)) await tracker.close();
  });
  afterAll(() => server?.end());

  const open = async (isNew = true, leaseMs = LEASE_MS) => {
    const redis = await server.connect(isNew);
    const tracker = new RedisPresence({ redis, leaseMs });
    trackers.push(tracker);
    return { tracker, redis };
  };

  test('a connection stays for as long as its instance renews it, and ends with its lease when that died', async () => {
    const { tracker, redis } = await open();
    const { tracker: other } = await open(false);
    await tracker.register('ada', { instance: 'a' });
    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
    expect(await other.isOnline('ada')).toBe(true);
    redis.close();
    await eventually(async () => expect(await other.isOnline('ada')).toBe(false));
  });

  test('what FLUSHALL took is there again with the next renewal', async () => {
    const { tracker, redis } = await open();
    await tracker.register('ada', { instance: 'a', metadata: { address: '10.0.0.1' } });
    await redis.client.flushall();
    await eventually(async () =>
      expect(await tracker.locate('ada')).toEqual([
        { instance: 'a', metadata: { address: '10.0.0.1' }, connections: 1 },
      ]),
    );
  });

  test('a server that was restarted without its data knows again who is there, without waiting for a renewal', async () => {
    const { tracker, redis } = await open(true, 600_000);
    await tracker.register('ada', { instance: 'a' });
    await redis.client.flushall();
    await server.program.stop('SIGKILL');
    await expect(tracker.isOnline('ada')).rejects.toThrow();
    await server.program.start();
    await eventually(async () => expect(await tracker.isOnline('ada')).toBe(true));
  });

  test('leaving while the server is away does not reject, and ends with the lease', async () => {
    const { tracker } = await open();
    const connection = await tracker.register('ada');
    await server.program.stop('SIGKILL');
    await connection.leave();
    await server.program.start();
    await eventually(async () => expect(await tracker.isOnline('ada')).toBe(false));
  });

  test('a connection that leaves in the midst of a renewal does not come back by it', async () => {
    const { tracker } = await open();
    const all = await Promise.all(Array.from({ length: 50 }, (_, index) => tracker.register(`p${index}`)));
    for (let round = 0; round < 20; round++) {
      const renewing = tracker.renew();
      const leaving = all.splice(0, 2).map((each) => each.leave());
      await Promise.all([renewing, ...leaving]);
    }
    const names = Array.from({ length: 50 }, (_, index) => `p${index}`);
    expect(await tracker.onlineUsers(names)).toEqual(names.slice(40));
  });

  test('no name of a person is in a key, and every key has an end', async () => {
    const { tracker, redis } = await open();
    await tracker.register('ada');
    await tracker.say('bob', 'active', 1000);
    const keys = await redis.client.keys(`${redis.prefix}*`);
    expect(keys).toHaveLength(2);
    expect(keys.join()).not.toMatch(/ada|bob/);
    for (const key of keys) expect(await redis.client.pttl(key)).toBeGreaterThan(0);
  });
});
