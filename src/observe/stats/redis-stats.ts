import { randomUUID } from 'node:crypto';
import { createRedisClient, type RedisClient, type RedisSettings } from '../../kit/net/redis-client.ts';
import { connectRedis, redisErrorText, redisTrouble } from '../../kit/net/redis-trouble.ts';
import { addCount, countsOf } from './app-counts.ts';
import { noStats, type StatCounts, type StatName, statKeys, statNames } from './stats.ts';
import type { CounterTable } from './write-behind-stats.ts';

/** The `stat.redis` section of the configuration. */
export type RedisStatConfig = Pick<RedisSettings, 'cluster' | 'addr' | 'username' | 'password' | 'db'>;

/** Gorush's keys have no TLS and no sentinels. An empty address is the usual port of this machine. */
export const redisSettingsOf = (config: RedisStatConfig): RedisSettings => ({
  ...config,
  addr: config.addr || 'localhost',
  with_tls: false,
  sentinel: '',
  sentinel_username: '',
  sentinel_password: '',
});

const COMMAND_MS = 1000;
/** Longer than a Redis stays away. */
const MARK_SECONDS = 86_400;

/**
 * Adds ARGV[1], and to the apps named after what is theirs of it, once for each number in ARGV[2]: when an answer is lost, the
 * command may have arrived, and it is sent again.
 */
const INCREMENT_ONCE = `
  if redis.call('GET', KEYS[2]) == ARGV[2] then return 0 end
  redis.call('INCRBY', KEYS[1], ARGV[1])
  for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[3], ARGV[i], ARGV[i + 1]) end
  redis.call('SET', KEYS[2], ARGV[2], 'EX', ${MARK_SECONDS})
  return 1`;

/** At one moment, so that what is of apps is never more than the whole. */
const READ_BY_APP = `return { redis.call('GET', KEYS[1]) or '0', redis.call('HGETALL', KEYS[2]) }`;

/** With the counter's name in braces all keys are in the same slot of a cluster. */
const markOf = (key: string, writer: string): string => `gorush-written-${writer}-{${key}}`;
/** A hash from app to count. */
const appsOf = (key: string): string => `gorush-by-app-{${key}}`;

const numberOf = (text: string | null | undefined): number => Number.parseInt(text ?? '0', 10) || 0;

/**
 * Gorush's counters in a Redis or a cluster, under Gorush's own keys; a Gorush may count there at the same time. Beside each is a
 * hash of what is of which app. Needs GET, SET, INCRBY, HINCRBY, HGETALL, DEL, EVAL and PING. https://redis.io/docs/latest/commands/eval/
 * @throws when it cannot be reached or refuses the password.
 */
export async function connectRedisCounters(config: RedisStatConfig): Promise<CounterTable> {
  const settings = redisSettingsOf(config);
  const client = createRedisClient(settings, [], { commandTimeout: COMMAND_MS });
  const trouble = redisTrouble(client, settings);
  await connectRedis(client, settings);
  return explained(countersIn(client), trouble);
}

/** The same table whose errors say why there is no connection, when there is none. */
function explained(table: CounterTable, trouble: () => string | undefined): CounterTable {
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new Error(trouble() ?? redisErrorText(error), { cause: error });
    }
  };
  return {
    increment: (batch) => run(() => table.increment(batch)),
    read: () => run(() => table.read()),
    readByApp: () => run(() => table.readByApp()),
    close: () => table.close(),
  };
}

function countersIn(client: RedisClient): CounterTable {
  const writer = randomUUID();
  return {
    async increment({ number, counts, apps }) {
      const writes = (Object.keys(counts) as StatName[]).map((name) => {
        const key = statKeys[name];
        const shares = [...apps].flatMap(([app, { [name]: count = 0 }]) => (count === 0 ? [] : [app, count]));
        const keys = [key, markOf(key, writer), appsOf(key)];
        return client.eval(INCREMENT_ONCE, keys.length, ...keys, counts[name] ?? 0, number, ...shares);
      });
      await Promise.all(writes);
    },
    async read() {
      const values = await Promise.all(statNames.map((name) => client.get(statKeys[name])));
      const counts = noStats();
      statNames.forEach((name, index) => {
        counts[name] = numberOf(values[index]);
      });
      return counts;
    },
    async readByApp() {
      const counts = noStats();
      const apps = new Map<string, Partial<StatCounts>>();
      const read = async (name: StatName): Promise<void> => {
        const key = statKeys[name];
        const [total, shares] = (await client.eval(READ_BY_APP, 2, key, appsOf(key))) as [string, string[]];
        counts[name] = numberOf(total);
        for (let i = 0; i < shares.length; i += 2)
          addCount(countsOf(apps, shares[i] as string), name, numberOf(shares[i + 1]));
      };
      await Promise.all(statNames.map(read));
      return { counts, apps };
    },
    async close() {
      try {
        await Promise.all(statNames.map((name) => client.del(markOf(statKeys[name], writer))));
      } finally {
        client.disconnect();
      }
    },
  };
}
