import { MemoryStreamStore } from '../../src/streams/memory/memory-stream-store.ts';
import { RedisStreamStore } from '../../src/streams/redis/redis-stream-store.ts';
import type { StreamCaps, StreamStore } from '../../src/streams/stream-store.ts';
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

/** All that must behave alike: a new store is a row here. */
export const streamStores: readonly StreamStoreUnderTest[] = [memory, redis];
