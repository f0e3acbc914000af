import type { HubStore } from '../../src/hub/storage/storage.ts';
import { personKey, personOfKey } from '../../src/hub/streams/person-key.ts';
import { SqlStreamStore } from '../../src/hub/streams/sql-stream-store.ts';
import { MemoryStreamStore } from '../../src/streams/memory/memory-stream-store.ts';
import { RedisStreamStore } from '../../src/streams/redis/redis-stream-store.ts';
import type { StreamCaps, StreamStore } from '../../src/streams/stream-store.ts';
import { type HubEngineUnderTest, hubEngines } from '../hub/hub-engines.ts';
import type { RequirementName } from '../support/requirements.ts';
import { startStreamsRedis } from './redis/streams-redis.ts';

export interface StreamStoreOptions extends Partial<StreamCaps> {
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** Where streams of one kind are kept. */
export interface StreamPlace {
  /** An empty store. */
  open(options?: StreamStoreOptions): Promise<StreamStore>;
  /** Another instance on what was opened last; undefined where each has its own. */
  readonly again?: (options?: StreamStoreOptions) => Promise<StreamStore>;
  end(): Promise<void>;
}

export interface StreamStoreUnderTest {
  readonly name: string;
  readonly needs: readonly RequirementName[];
  start(): Promise<StreamPlace>;
}

const memory: StreamStoreUnderTest = {
  name: 'memory',
  needs: [],
  start: async () => ({
    open: async (options) => new MemoryStreamStore(options),
    async end() {},
  }),
};

const redis: StreamStoreUnderTest = {
  name: 'Redis',
  needs: ['redis-server'],
  start: async () => {
    const server = await startStreamsRedis();
    return {
      open: async (options) => new RedisStreamStore({ ...options, redis: await server.connect(true) }),
      again: async (options) => new RedisStreamStore({ ...options, redis: await server.connect(false) }),
      end: () => server.end(),
    };
  },
};

/** Of the hub, on each of its engines; people are of an app there. */
const hubStore = ({ name, needs, start }: HubEngineUnderTest): StreamStoreUnderTest => ({
  name: `the hub's store in ${name}`,
  needs,
  async start() {
    const place = await start();
    const on = (store: HubStore, { now, ...caps }: StreamStoreOptions = {}): StreamStore =>
      ofOneApp(new SqlStreamStore({ store, caps, ...(now ? { now } : {}) }), store);
    const { again } = place;
    return {
      open: async (options = {}) => on(await place.open(options.now), options),
      ...(again ? { again: async (options: StreamStoreOptions = {}) => on(await again(options.now), options) } : {}),
      end: () => place.end(),
    };
  },
});

/** The hub's store closes with it. */
function ofOneApp(streams: SqlStreamStore, store: HubStore): StreamStore {
  const key = (user: string): string => personKey('default', user);
  let closing: Promise<void> | undefined;
  return {
    save: (user, draft) => streams.save(key(user), draft),
    saveBatch: (entries) => streams.saveBatch(entries.map((entry) => ({ ...entry, user: key(entry.user) }))),
    list: (user, after, limit) => streams.list(key(user), after, limit),
    async bounds(users) {
      const found = await streams.bounds(users.map(key));
      return new Map([...found].map(([name, bounds]) => [personOfKey(name).user, bounds]));
    },
    forget: (user) => streams.forget(key(user)),
    cleanup: (olderThan) => streams.cleanup(olderThan),
    close: () => (closing ??= streams.close().then(() => store.close())),
  };
}

/** All that must behave alike: a new store is a row here. */
export const streamStores: readonly StreamStoreUnderTest[] = [memory, redis, ...hubEngines.map(hubStore)];
