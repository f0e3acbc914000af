import { MemoryPresence } from '../../../src/streams/presence/memory-presence.ts';
import type { Presence } from '../../../src/streams/presence/presence.ts';
import type { RequirementName } from '../../support/requirements.ts';

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

/** All that must behave alike: a new tracker is a row here. */
export const presences: readonly PresenceUnderTest[] = [memory];
