import { ConfigError, toError } from '../kit/errors.ts';
import { late } from '../kit/late.ts';
import { redisOfUrl } from '../kit/net/redis-url.ts';
import type { StreamRouter } from '../streams/router/stream-router.ts';
import { NotifyStore, type NotifyStoreOptions } from './notify-store.ts';
import { Tracker } from './tracker.ts';

export interface ConnectRedisOptions {
  /** Of every key and channel; default `martlet:notify:`. */
  readonly prefix?: string;
}

export interface RedisTrackerOptions {
  /** Milliseconds after which the connections of an instance that died are gone; default 30,000. Renewed three times meanwhile. */
  readonly leaseMs?: number;
  /** How long it is remembered that a person was there, in milliseconds; default 7 days. */
  readonly rememberMs?: number;
}

/** One connection for all of it, however many streams are open; the router has a second one. */
export interface NotifyRedis {
  /** @param keepMs how long a stream lasts after its last event; default 8 days */
  store(options?: NotifyStoreOptions & { readonly keepMs?: number }): NotifyStore;
  tracker(options?: RedisTrackerOptions): Tracker;
  router(): Promise<StreamRouter>;
  /** After the notifier, its store and its tracker. */
  close(): void;
}

const PREFIX = 'martlet:notify:';

const load = late('Redis', async () => {
  const [server, store, presence, router] = await Promise.all([
    import('../streams/redis/redis-server.ts'),
    import('../streams/redis/redis-stream-store.ts'),
    import('../streams/redis/redis-presence.ts'),
    import('../streams/redis/redis-router.ts'),
  ]);
  return { ...server, ...store, ...presence, ...router };
});

/**
 * A Redis 6.2 or later that several instances share.
 * @param url `redis://user:password@host:6379/0`, `rediss://` with TLS
 * @throws ConfigError (rejects) when it cannot be reached
 */
export async function connectRedis(url: string, { prefix = PREFIX }: ConnectRedisOptions = {}): Promise<NotifyRedis> {
  const settings = redisOfUrl(url);
  if (!settings) throw new ConfigError('', 'notify: the address must have the form redis://user:password@host:6379/0');
  const { StreamsRedis, RedisStreamStore, RedisPresence, RedisRouter } = await load();
  const redis = await StreamsRedis.connect({ settings, prefix }).catch((error: unknown) => {
    // The address may hold a password: it is not said.
    throw new ConfigError('', `notify: the Redis cannot be reached: ${toError(error).message}`);
  });
  return {
    store: (options = {}) => new NotifyStore(new RedisStreamStore({ ...options, redis }), options.now),
    tracker(options = {}) {
      if (options.leaseMs !== undefined && !(options.leaseMs > 0))
        throw new ConfigError('', 'notify: leaseMs must be more than 0');
      return new Tracker(new RedisPresence({ ...options, redis }));
    },
    router: () => RedisRouter.open({ redis }),
    close: () => redis.close(),
  };
}
