import { expect, test } from 'vitest';
import type { RedisClient } from '../../../src/kit/net/redis-client.ts';
import { RedisStream } from '../../../src/queue/redis/redis-stream.ts';

const HOUR = 3_600_000;

test('consumers of ours that hold nothing and were not heard of for an hour are removed, and no others', async () => {
  const removed: unknown[] = [];
  const row = (name: string, pending: number, idle: number) => ['name', name, 'pending', pending, 'idle', idle];
  const rows = [
    row('gorush-a', 0, HOUR + 1),
    row('gorush-b', 1, HOUR + 1),
    row('gorush-c', 0, HOUR - 1),
    row('theirs', 0, HOUR + 1),
  ];
  const redis = { xinfo: async () => rows, xgroup: async (...words: unknown[]) => void removed.push(words) };
  const names = { stream: 's', group: 'g', consumer: 'gorush-d' };
  await new RedisStream(redis as unknown as RedisClient, names).forgetConsumers('gorush-');
  expect(removed).toEqual([['DELCONSUMER', 's', 'g', 'gorush-a']]);
});

test('only what is pending with this process is touched: an entry that another has taken over stays there', async () => {
  const claimed: unknown[] = [];
  const redis = {
    xpending: async () => [['1-0'], ['3-0']],
    call: async (...words: unknown[]) => void claimed.push(words),
  };
  const names = { stream: 's', group: 'g', consumer: 'c' };
  await new RedisStream(redis as unknown as RedisClient, names).touch(new Set(['1-0', '2-0']));
  expect(claimed).toEqual([['XCLAIM', 's', 'g', 'c', 0, '1-0', 'IDLE', 0, 'JUSTID']]);
});
