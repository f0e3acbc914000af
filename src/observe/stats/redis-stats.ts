import { randomUUID } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import { addCount, countsOf } from './app-counts.ts';
import { noStats, type StatCounts, type StatName, statKeys, statNames } from './stats.ts';
import type { CounterTable } from './write-behind-stats.ts';

/** The `stat.redis` section of the configuration. */
export interface RedisStatConfig {
  readonly cluster: boolean;
  /** `host:port`; of a cluster several, divided by commas. Empty: the usual port of this machine. */
  readonly addr: string;
  readonly username: string;
  readonly password: string;
  readonly db: number;
}

const CONNECT_MS = 5000;
const COMMAND_MS = 1000;
const RECONNECT_MS = 2000;
/** Longer than a Redis stays away. */
const MARK_SECONDS = 86_400;

/**
 * Adds ARGV[1], and to the apps named after what is theirs of it, once for each number in ARGV[2]: when an answer got lost, nobody
 * knows whether the command arrived, and it is sent again.
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

function endpoint(addr: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(addr.trim()) ?? [];
  return { host: bracketed || plain || 'localhost', port: Number(port ?? 6379) };
}

function createClient({ cluster, addr, username, password, db }: RedisStatConfig): Redis | Cluster {
  const common = {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // As old servers and proxies speak it, too.
    protocol: 2 as const,
    disableClientInfo: true,
  };
  // No queue for what cannot be sent: the counts wait here, as numbers, not there as commands.
  const failFast = { lazyConnect: true, enableOfflineQueue: false };
  const pause = (attempt: number): number => Math.min(100 * 2 ** Math.min(attempt, 5), RECONNECT_MS);
  return cluster
    ? new Cluster(addr.split(',').map(endpoint), { ...failFast, redisOptions: common, clusterRetryStrategy: pause })
    : new Redis({ ...common, ...failFast, ...endpoint(addr), db, retryStrategy: pause });
}

/** Connects, or tells why not. An answer to PING shows that the password is right, too. */
async function connect(client: Redis | Cluster): Promise<void> {
  const failed = Promise.withResolvers<never>();
  let nodeError: Error | undefined;
  // There must always be listeners; at run time the commands that fail tell of the same.
  client.on('error', (error: Error) => failed.reject(nodeError ?? error));
  client.on('node error', (error: Error) => {
    nodeError ??= error;
  });
  failed.promise.catch(() => {});
  try {
    // A password that is refused, for one, is told by the event alone, and tried again for ever.
    await Promise.race([client.connect().then(() => client.ping()), failed.promise]);
  } catch (error) {
    client.disconnect();
    throw nodeError ?? error;
  }
}

/**
 * Gorush's counters in a Redis or a cluster, under Gorush's own keys; a Gorush may count there at the same time. Beside each is a
 * hash of what is of which app. Needs GET, SET, INCRBY, HINCRBY, HGETALL, DEL, EVAL and PING. https://redis.io/docs/latest/commands/eval/
 * @throws when it cannot be reached or refuses the password.
 */
export async function connectRedisCounters(config: RedisStatConfig): Promise<CounterTable> {
  const client = createClient(config);
  await connect(client);
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
