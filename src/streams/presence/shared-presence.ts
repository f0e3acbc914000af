import { randomUUID } from 'node:crypto';
import { background } from '../../kit/background.ts';
import { within } from '../../kit/within.ts';
import { MemoryPresence, type MemoryPresenceOptions } from './memory-presence.ts';
import {
  type InstancePlace,
  type Presence,
  PresenceClosedError,
  type PresenceRegistration,
  type PresenceView,
  type PresenceWord,
  type PresentAt,
} from './presence.ts';
import type { PresenceAnswer, PresenceCall, PresenceChannel } from './presence-call.ts';

export interface SharedPresenceOptions extends MemoryPresenceOptions {
  readonly channel: PresenceChannel;
  /** How long an answer is waited for; then what this process knows by itself counts. Default 1 s. */
  readonly patienceMs?: number;
}

/** As each variant of a call is without its id. */
type Asked = PresenceCall extends infer Call ? (Call extends PresenceCall ? Omit<Call, 'id'> : never) : never;

const PATIENCE_MS = 1000;

/**
 * Who is connected to this process or to another one of the same machine, which their primary knows (presence-host.ts). What is said in one
 * turn of the event loop leaves together. A primary that does not answer holds up no one: what comes of that is what each process would
 * know alone.
 */
export class SharedPresence implements Presence {
  readonly #channel: PresenceChannel;
  readonly #patienceMs: number;
  /** Of this process alone. */
  readonly #own: MemoryPresence;
  readonly #waiting = new Map<number, (answer: PresenceAnswer) => void>();
  readonly #keys = new Set<string>();
  #calls: PresenceCall[] = [];
  #next = 1;
  #isClosed = false;

  constructor({ channel, patienceMs = PATIENCE_MS, ...options }: SharedPresenceOptions) {
    this.#channel = channel;
    this.#patienceMs = patienceMs;
    this.#own = new MemoryPresence(options);
    channel.listen((answers) => {
      for (const answer of answers) this.#waiting.get(answer.id)?.(answer);
    });
  }

  async register(user: string, place: InstancePlace = { instance: '' }): Promise<PresenceRegistration> {
    const own = await this.#own.register(user, place);
    const key = randomUUID();
    this.#keys.add(key);
    await this.#ask({ do: 'join', key, user, place });
    return {
      id: key,
      state: (state) => {
        if (!this.#keys.has(key)) return;
        own.state(state);
        background(this.#ask({ do: 'state', key, state }));
      },
      leave: async () => {
        if (!this.#keys.delete(key)) return;
        await own.leave();
        await this.#ask({ do: 'leave', key });
      },
    };
  }

  async say(user: string, state: PresenceWord, leaseMs: number): Promise<void> {
    await this.#own.say(user, state, leaseMs);
    await this.#ask({ do: 'say', user, state, leaseMs });
  }

  async isOnline(user: string): Promise<boolean> {
    return (await this.look([user])).get(user)?.online === true;
  }

  async onlineUsers(users: readonly string[]): Promise<readonly string[]> {
    const views = await this.look(users);
    return users.filter((user) => views.get(user)?.online);
  }

  async locate(user: string): Promise<readonly PresentAt[]> {
    return (await this.look([user])).get(user)?.instances ?? [];
  }

  async look(users: readonly string[]): Promise<ReadonlyMap<string, PresenceView>> {
    if (this.#isClosed) throw new PresenceClosedError();
    if (users.length === 0) return new Map();
    const views = (await this.#ask({ do: 'look', users }))?.views;
    if (!views) return this.#own.look(users);
    return new Map(users.map((user, index) => [user, views[index] as PresenceView]));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const keys = [...this.#keys];
    this.#keys.clear();
    await Promise.all(keys.map((key) => this.#ask({ do: 'leave', key })));
    await this.#own.close();
  }

  /** @returns undefined: there was no answer in time */
  async #ask(call: Asked): Promise<PresenceAnswer | undefined> {
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<PresenceAnswer>();
    this.#waiting.set(id, resolve);
    if (this.#calls.push({ id, ...call } as PresenceCall) === 1) setImmediate(() => this.#flush());
    try {
      return await within(this.#patienceMs, promise);
    } catch {
      return undefined;
    } finally {
      this.#waiting.delete(id);
    }
  }

  #flush(): void {
    const calls = this.#calls;
    this.#calls = [];
    background(this.#channel.send(calls));
  }
}
