import { MemoryPresence, type MemoryPresenceOptions } from '../streams/presence/memory-presence.ts';
import type { Presence } from '../streams/presence/presence.ts';

/** Where a person is connected, for those who route there. */
export interface RoutingInfo {
  readonly instanceId?: string | undefined;
  /** Such as the address of the instance. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** One connection of a person. */
export interface TrackerRegistration {
  readonly id: string;
  /** Ends this one and no other; again: nothing. */
  unregister(): Promise<void>;
}

/** Who is there: `memoryTracker()`, `(await connectRedis(url)).tracker()`. */
export class Tracker {
  /** What the notifier stands on. */
  readonly presence: Presence;

  constructor(presence: Presence) {
    this.presence = presence;
  }

  async register(userId: string, { instanceId = '', metadata }: RoutingInfo = {}): Promise<TrackerRegistration> {
    const place = { instance: instanceId, ...(metadata ? { metadata } : {}) };
    const registration = await this.presence.register(userId, place);
    return { id: registration.id, unregister: () => registration.leave() };
  }

  isOnline(userId: string): Promise<boolean> {
    return this.presence.isOnline(userId);
  }

  /** Those of `userIds` who are online, in their order. */
  onlineUsers(userIds: readonly string[]): Promise<readonly string[]> {
    return this.presence.onlineUsers(userIds);
  }

  /** Each instance at which the person has connections; none: not online. */
  async locate(userId: string): Promise<readonly RoutingInfo[]> {
    const places = await this.presence.locate(userId);
    return places.map(({ instance, metadata }) => ({ instanceId: instance, ...(metadata ? { metadata } : {}) }));
  }

  close(): Promise<void> {
    return this.presence.close();
  }
}

/** Who is connected to this process. */
export const memoryTracker = (options: MemoryPresenceOptions = {}): Tracker => new Tracker(new MemoryPresence(options));
