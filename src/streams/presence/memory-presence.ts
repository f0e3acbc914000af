import { PersonPresence, type PresenceConnection } from './person-presence.ts';
import {
  type InstancePlace,
  type Presence,
  PresenceClosedError,
  type PresenceRegistration,
  type PresenceView,
  type PresenceWord,
  type PresentAt,
} from './presence.ts';

export interface MemoryPresenceOptions {
  /** UNIX milliseconds. */
  readonly now?: () => number;
  /** How long it is remembered that a person was there; default 7 days. */
  readonly rememberMs?: number | undefined;
}

const REMEMBER_MS = 7 * 86_400_000;
const SWEEP_MS = 60_000;
const ABSENT: PresenceView = { online: false, state: 'offline', instances: [] };

/** There are as many as connections: one object each, and no closures. */
class MemoryRegistration implements PresenceRegistration {
  readonly #person: PersonPresence;
  readonly #connection: PresenceConnection;
  readonly #now: () => number;

  constructor(person: PersonPresence, connection: PresenceConnection, now: () => number) {
    this.#person = person;
    this.#connection = connection;
    this.#now = now;
  }

  get id(): string {
    return this.#connection.id;
  }

  state(state: 'active' | 'idle'): void {
    this.#connection.state = state;
    if (state === 'active') this.#person.seen(this.#now());
  }

  async leave(): Promise<void> {
    this.#person.leave(this.#connection.id, this.#now());
  }
}

/** The people who are connected to this process. */
export class MemoryPresence implements Presence {
  readonly #now: () => number;
  readonly #rememberMs: number;
  readonly #people = new Map<string, PersonPresence>();
  #registered = 0;
  #sweptAt: number;
  #isClosed = false;

  constructor({ now = Date.now, rememberMs = REMEMBER_MS }: MemoryPresenceOptions = {}) {
    this.#now = now;
    this.#rememberMs = rememberMs;
    this.#sweptAt = now();
  }

  get isEmpty(): boolean {
    return this.#people.size === 0;
  }

  async register(user: string, place: InstancePlace = { instance: '' }): Promise<PresenceRegistration> {
    const person = this.#person(user);
    const connection: PresenceConnection = { id: String(++this.#registered), place, state: 'active' };
    person.join(connection, this.#now());
    return new MemoryRegistration(person, connection, this.#now);
  }

  async say(user: string, state: PresenceWord, leaseMs: number): Promise<void> {
    this.#person(user).say(state, this.#now(), leaseMs);
  }

  async isOnline(user: string): Promise<boolean> {
    return this.#view(user).online;
  }

  async onlineUsers(users: readonly string[]): Promise<readonly string[]> {
    return users.filter((user) => this.#view(user).online);
  }

  async locate(user: string): Promise<readonly PresentAt[]> {
    return this.#view(user).instances;
  }

  async look(users: readonly string[]): Promise<ReadonlyMap<string, PresenceView>> {
    return new Map(users.map((user) => [user, this.#view(user)]));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#people.clear();
  }

  #view(user: string): PresenceView {
    this.#mustBeOpen();
    return this.#people.get(user)?.view(this.#now()) ?? ABSENT;
  }

  #person(user: string): PersonPresence {
    this.#mustBeOpen();
    this.#sweep();
    const known = this.#people.get(user);
    if (known) return known;
    const person = new PersonPresence();
    this.#people.set(user, person);
    return person;
  }

  #sweep(): void {
    const now = this.#now();
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [user, person] of this.#people)
      if (person.isOver(now - this.#rememberMs, now)) this.#people.delete(user);
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new PresenceClosedError();
  }
}
