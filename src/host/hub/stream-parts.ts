/** What streams stand on, as the configuration chooses it. */
import type { Dispatcher } from 'undici';
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
import type { PresenceChannel } from '../../streams/presence/presence-call.ts';
import { SharedPresence } from '../../streams/presence/shared-presence.ts';
import type { StreamsRedis } from '../../streams/redis/redis-server.ts';
import { ChannelRouter, type WakeChannel } from '../../streams/router/channel-router.ts';
import { nestedRouter } from '../../streams/router/nested-router.ts';
import type { PostRouter } from '../../streams/router/post-router.ts';
import type { StreamRouter } from '../../streams/router/stream-router.ts';
import type { StreamStore } from '../../streams/stream-store.ts';

export interface StreamPartsOptions {
  readonly config: FullConfig;
  readonly hub: HubStore;
  /** To the other workers of this machine, if there are any. */
  readonly wakes: WakeChannel | undefined;
  /** To their primary, which knows who is connected to any of them. */
  readonly presenceChannel: PresenceChannel | undefined;
  /** For calls of other instances. */
  readonly dispatcher: Dispatcher;
  readonly now: () => number;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
}

export interface StreamParts {
  readonly store: StreamStore;
  readonly presence: Presence;
  /** Presence is that of every instance. */
  readonly knowsAll: boolean;
  readonly router: StreamRouter | undefined;
  /** Who takes the calls of other instances. */
  readonly peers: Pick<PostRouter, 'receive'> | undefined;
}

/** What is asked for, with what `hub.redis` means where nothing is. */
interface Chosen {
  readonly store: 'hub' | 'memory' | 'redis';
  readonly presence: 'memory' | 'redis';
  readonly router: 'none' | 'workers' | 'post' | 'redis';
}

const loadPost = late('calls between instances', () => import('../../streams/router/post-router.ts'));

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
    router: streams.router || byDefault || (streams.peers.length > 0 ? 'post' : 'workers'),
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
  options: StreamPartsOptions,
  closers: AsyncDisposableStack,
): Promise<StreamParts> {
  const { config, hub, now, tell } = options;
  const { path, redis: url, streams } = config.hub;
  const choice = chosen(config);
  const caps = { maxEvents: streams.max_events, maxBytes: streams.max_bytes };
  const redis = Object.values(choice).includes('redis') ? await connect(url, closers) : undefined;
  const loaded: LoadedRedis | undefined = redis && { redis, ...(await loadRedis()) };
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
  const ofMachine = { rememberMs: lasting.rememberMs, now };
  const { presenceChannel: channel } = options;
  const alone = (): Presence =>
    channel ? new SharedPresence({ ...ofMachine, channel }) : new MemoryPresence(ofMachine);
  const presence =
    choice.presence === 'redis' && loaded ? new loaded.RedisPresence({ ...lasting, redis: loaded.redis }) : alone();
  // Instances that share a PostgreSQL and no Redis know those of their own machine alone.
  const knowsAll = choice.presence === 'redis' || config.hub.postgres === '';
  closers.defer(() => presence.close());
  const { router, peers } = await openRouter(choice.router, options, loaded);
  if (router) closers.defer(() => router.close());
  return { store, presence, knowsAll, router, peers };
}

type LoadedRedis = Awaited<ReturnType<typeof loadRedis>> & { readonly redis: StreamsRedis };

async function openRouter(
  choice: Chosen['router'],
  { config, wakes, dispatcher, now, tell }: StreamPartsOptions,
  loaded: LoadedRedis | undefined,
): Promise<Pick<StreamParts, 'router' | 'peers'>> {
  if (choice === 'none') return { router: undefined, peers: undefined };
  // Each worker hears what the Redis says by itself.
  if (choice === 'redis' && loaded)
    return { router: await loaded.RedisRouter.open({ redis: loaded.redis }), peers: undefined };
  const workers = wakes && new ChannelRouter(wakes);
  if (choice !== 'post') return { router: workers, peers: undefined };
  const { PostRouter } = await loadPost();
  const { peers, peer_secret: secrets } = config.hub.streams;
  const post = new PostRouter({ peers, secrets, dispatcher, tell, now });
  return { router: workers ? nestedRouter(workers, post) : post, peers: post };
}

const DAY_MS = 86_400_000;
