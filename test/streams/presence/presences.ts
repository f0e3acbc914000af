import { MemoryPresence } from '../../../src/streams/presence/memory-presence.ts';
import type { Presence } from '../../../src/streams/presence/presence.ts';
import { PresenceHost } from '../../../src/streams/presence/presence-host.ts';
import { SharedPresence } from '../../../src/streams/presence/shared-presence.ts';
import { RedisPresence } from '../../../src/streams/redis/redis-presence.ts';
import type { RequirementName } from '../../support/requirements.ts';
import { startStreamsRedis } from '../redis/streams-redis.ts';
import { channelTo } from './linked-presence.ts';

export interface PresencePlace {
  /** Knows of no one. @param now UNIX milliseconds */
  open(now?: () => number): Promise<Presence>;
  /** Another instance's, on what was opened last; undefined where each has its own. */
  readonly again?: (now?: () => number) => Promise<Presence>;
  end(): Promise<void>;
}

export interface PresenceUnderTest {
  readonly name: string;
  readonly needs: readonly RequirementName[];
  start(): Promise<PresencePlace>;
}

const memory: PresenceUnderTest = {
  name: 'memory',
  needs: [],
  start: async () => ({
    open: async (now = Date.now) => new MemoryPresence({ now }),
    async end() {},
  }),
};

const workers: PresenceUnderTest = {
  name: 'the primary of several workers',
  needs: [],
  start: async () => {
    let host = new PresenceHost();
    const join = (now: () => number): Presence => new SharedPresence({ channel: channelTo(host), now });
    return {
      async open(now = Date.now) {
        host = new PresenceHost({ now });
        return join(now);
      },
      again: async (now = Date.now) => join(now),
      async end() {},
    };
  },
};

const redis: PresenceUnderTest = {
  name: 'Redis',
  needs: ['redis-server'],
  start: async () => {
    const server = await startStreamsRedis();
    // Longer than the leases that the suite lets pass on its own clock: renewals go by the real one.
    const clockOf = (now: (() => number) | undefined) => (now ? { now } : {});
    return {
      open: async (now) => new RedisPresence({ ...clockOf(now), leaseMs: 600_000, redis: await server.connect(true) }),
      again: async (now) =>
        new RedisPresence({ ...clockOf(now), leaseMs: 600_000, redis: await server.connect(false) }),
      end: () => server.end(),
    };
  },
};

/** All that must behave alike: a new tracker is a row here. */
export const presences: readonly PresenceUnderTest[] = [memory, workers, redis];
