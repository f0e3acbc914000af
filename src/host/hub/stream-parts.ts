/** What streams stand on, as the configuration chooses it. */
import type { HubStore } from '../../hub/storage/storage.ts';
import { markFile } from '../../hub/streams/mark-file.ts';
import { SqlStreamStore } from '../../hub/streams/sql-stream-store.ts';
import { ConfigError, toError } from '../../kit/errors.ts';
import { late } from '../../kit/late.ts';
import type { RedisSettings } from '../../kit/net/redis-client.ts';
import { redisOfUrl } from '../../kit/net/redis-url.ts';
import { toMs } from '../../kit/seconds.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { MemoryStreamStore } from '../../streams/memory/memory-stream-store.ts';
import { MemoryPresence } from '../../streams/presence/memory-presence.ts';
import type { Presence } from '../../streams/presence/presence.ts';
import type { StreamsRedis } from '../../streams/redis/redis-server.ts';
import type { StreamRouter } from '../../streams/router/stream-router.ts';
import type { StreamStore } from '../../streams/stream-store.ts';

export interface StreamPartsOptions {
  readonly config: FullConfig;
  readonly hub: HubStore;
  readonly now: () => number;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
}

export interface StreamParts {
  readonly store: StreamStore;
  readonly presence: Presence;
  readonly router: StreamRouter | undefined;
}

/** What is asked for, with what `hub.redis` means where nothing is. */
interface Chosen {
  readonly store: 'hub' | 'memory' | 'redis';
  readonly presence: 'memory' | 'redis';
  readonly router: 'none' | 'redis';
}

const loadRedis = late('Redis', async () => {
  const [server, store, presence, router] = await Promise.all([
    import('../../streams/redis/redis-server.ts'),
    import('../../streams/redis/redis-stream-store.ts'),
    import('../../streams/redis/redis-presence.ts'),
    import('../../streams/redis/redis-router.ts'),
  ]);
  return { ...server, ...store, ...presence, ...router };
});

function chosen({ hub: { redis, streams } }: FullConfig): Chosen {
  const byDefault = redis === '' ? undefined : 'redis';
  return {
    store: streams.store,
    presence: streams.presence || (byDefault ?? 'memory'),
    router: streams.router || (byDefault ?? 'none'),
  };
}

async function connect(url: string, closers: AsyncDisposableStack): Promise<StreamsRedis> {
  const { StreamsRedis } = await loadRedis();
  try {
    const redis = await StreamsRedis.connect({ settings: redisOfUrl(url) as RedisSettings });
    closers.defer(() => redis.close());
    return redis;
  } catch (thrown) {
    // The address may hold a password: it is not said.
    throw new ConfigError('hub.redis', `cannot be reached: ${toError(thrown).message}`);
  }
}

/** @param closers closes what is opened. @throws ConfigError for a Redis that cannot be reached */
export async function openStreamParts(
  { config, hub, now, tell }: StreamPartsOptions,
  closers: AsyncDisposableStack,
): Promise<StreamParts> {
  const { path, redis: url, streams } = config.hub;
  const choice = chosen(config);
  const caps = { maxEvents: streams.max_events, maxBytes: streams.max_bytes };
  const redis = Object.values(choice).includes('redis') ? await connect(url, closers) : undefined;
  const loaded = redis && { redis, ...(await loadRedis()) };
  const store = ((): StreamStore => {
    if (choice.store === 'memory') return new MemoryStreamStore({ ...caps, now });
    if (choice.store === 'hub' || !loaded)
      return new SqlStreamStore({
        store: hub,
        caps,
        mark: path === '' ? undefined : markFile(`${path}.mark`),
        now,
        tell,
      });
    const keepMs = toMs(streams.retention) + DAY_MS;
    return new loaded.RedisStreamStore({ ...caps, redis: loaded.redis, keepMs });
  })();
  closers.defer(() => store.close());
  const lasting = { leaseMs: toMs(streams.lease), rememberMs: toMs(streams.retention) };
  const presence =
    choice.presence === 'redis' && loaded
      ? new loaded.RedisPresence({ ...lasting, redis: loaded.redis })
      : new MemoryPresence({ rememberMs: lasting.rememberMs, now });
  closers.defer(() => presence.close());
  const router =
    choice.router === 'redis' && loaded ? await loaded.RedisRouter.open({ redis: loaded.redis }) : undefined;
  if (router) closers.defer(() => router.close());
  return { store, presence, router };
}

const DAY_MS = 86_400_000;
