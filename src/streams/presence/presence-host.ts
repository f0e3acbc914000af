import { MemoryPresence, type MemoryPresenceOptions } from './memory-presence.ts';
import type { PresenceRegistration, PresenceView } from './presence.ts';
import type { PresenceAnswer, PresenceCall } from './presence-call.ts';

/** One of the processes, at the one that knows of all. */
export interface PresenceMember {
  /** Does what it says, in order. */
  hear(calls: readonly PresenceCall[]): Promise<readonly PresenceAnswer[]>;
  /** It has ended: its connections have, too. */
  gone(): Promise<void>;
}

/** Who is connected to any of several processes of one machine: held by their primary, so that it outlives each of them. */
export class PresenceHost {
  readonly #presence: MemoryPresence;

  constructor(options: MemoryPresenceOptions = {}) {
    this.#presence = new MemoryPresence(options);
  }

  member(): PresenceMember {
    const presence = this.#presence;
    const connections = new Map<string, PresenceRegistration>();
    let isGone = false;
    const views = async (users: readonly string[]): Promise<PresenceView[]> => {
      const found = await presence.look(users);
      return users.map((user) => found.get(user) as PresenceView);
    };
    const doOne = async (call: PresenceCall): Promise<PresenceAnswer> => {
      const { id } = call;
      if (call.do === 'look') return { id, views: await views(call.users) };
      if (call.do === 'say') await presence.say(call.user, call.state, call.leaseMs);
      else if (call.do === 'join') connections.set(call.key, await presence.register(call.user, call.place));
      else if (call.do === 'state') connections.get(call.key)?.state(call.state);
      else {
        await connections.get(call.key)?.leave();
        connections.delete(call.key);
      }
      return { id };
    };
    return {
      async hear(calls) {
        const answers: PresenceAnswer[] = [];
        for (const call of calls) if (!isGone) answers.push(await doOne(call));
        return answers;
      },
      async gone() {
        isGone = true;
        for (const connection of connections.values()) await connection.leave();
        connections.clear();
      },
    };
  }
}
