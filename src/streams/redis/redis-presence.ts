import { hash, randomUUID } from 'node:crypto';
import { background } from '../../kit/background.ts';
import { presenceOf } from '../presence/person-presence.ts';
import {
  type InstancePlace,
  type Presence,
  PresenceClosedError,
  type PresenceRegistration,
  type PresenceView,
  type PresenceWord,
  type PresentAt,
} from '../presence/presence.ts';
import { LEAVE, LOOK, PUT } from './presence-scripts.ts';
import type { StreamsRedis } from './redis-server.ts';

export interface RedisPresenceOptions {
  /** Shared with the store, say; it stays open when presence is closed. */
  readonly redis: StreamsRedis;
  /** After how long the connections of an instance that died are gone; default 30 s. Renewed three times meanwhile. */
  readonly leaseMs?: number;
  /** How long it is remembered that a person was there; default 7 days. */
  readonly rememberMs?: number;
  /** UNIX milliseconds; default: the clock of the server, so that instances agree. */
  readonly now?: () => number;
}

interface OwnConnection {
  readonly user: string;
  readonly field: string;
  readonly place: InstancePlace;
  state: 'active' | 'idle';
}

type Script = (...keysAndArguments: (string | number)[]) => Promise<unknown>;
type Scripts = Record<'presencePut' | 'presenceLeave' | 'presenceLook', Script>;

const LEASE_MS = 30_000;
const REMEMBER_MS = 7 * 86_400_000;
const RENEWALS = 3;
/** Renewals under way at once: a reconnect with 10,000 connections is no flood. */
const AT_ONCE = 500;

/** People who are connected to any instance on this Redis. */
export class RedisPresence implements Presence {
  readonly #options: RedisPresenceOptions;
  readonly #leaseMs: number;
  readonly #scripts: Scripts;
  readonly #own = new Map<string, OwnConnection>();
  readonly #timer: NodeJS.Timeout;
  readonly #back: () => void;
  #renewing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: RedisPresenceOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    const { client } = options.redis;
    client.defineCommand('presencePut', { lua: PUT, numberOfKeys: 1 });
    client.defineCommand('presenceLeave', { lua: LEAVE, numberOfKeys: 1 });
    client.defineCommand('presenceLook', { lua: LOOK });
    this.#scripts = client as unknown as Scripts;
    this.#timer = setInterval(() => background(this.renew()), this.#leaseMs / RENEWALS).unref();
    this.#back = () => background(this.renew());
    client.on('ready', this.#back);
  }

  async register(user: string, place: InstancePlace = { instance: '' }): Promise<PresenceRegistration> {
    this.#mustBeOpen();
    const connection: OwnConnection = { user, place, field: `c:${randomUUID()}`, state: 'active' };
    await this.#put(connection, true);
    this.#own.set(connection.field, connection);
    return {
      id: connection.field.slice(2),
      state: (state) => this.#changed(connection, state),
      leave: () => this.#leave(connection),
    };
  }

  async say(user: string, state: PresenceWord, leaseMs: number): Promise<void> {
    await this.#ask('presencePut', [this.#keyOf(user)], [leaseMs, state === 'active' ? 1 : 0, 'said', state]);
  }

  async isOnline(user: string): Promise<boolean> {
    return (await this.#viewOf(user)).online;
  }

  async onlineUsers(users: readonly string[]): Promise<readonly string[]> {
    const views = await this.look(users);
    return users.filter((user) => views.get(user)?.online);
  }

  async locate(user: string): Promise<readonly PresentAt[]> {
    return (await this.#viewOf(user)).instances;
  }

  async look(users: readonly string[]): Promise<ReadonlyMap<string, PresenceView>> {
    this.#mustBeOpen();
    const parts = this.#options.redis.isOneNode ? [users] : users.map((user) => [user]);
    return new Map((await Promise.all(parts.map((some) => this.#look(some)))).flat());
  }

  /** Says again who is connected here: brings back what the server has lost. Part of the timer; never rejects. */
  async renew(): Promise<void> {
    this.#renewing ??= this.#renewAll().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#options.redis.client.off('ready', this.#back);
    await this.#renewing;
    await inParts([...this.#own.values()], (connection) => this.#takeOut(connection));
    this.#own.clear();
  }

  #keyOf(user: string): string {
    return `${this.#options.redis.prefix}{${hash('sha256', user, 'base64url')}}p`;
  }

  async #viewOf(user: string): Promise<PresenceView> {
    return (await this.look([user])).get(user) as PresenceView;
  }

  async #look(users: readonly string[]): Promise<[string, PresenceView][]> {
    if (users.length === 0) return [];
    const keys = users.map((user) => this.#keyOf(user));
    const answers = (await this.#ask('presenceLook', [keys.length, ...keys], [])) as string[][];
    return users.map((user, index) => [user, viewOf(answers[index] as string[])]);
  }

  async #renewAll(): Promise<void> {
    if (this.#isClosed) return;
    // One that left meanwhile is not brought back: its field is looked up when its turn comes.
    await inParts([...this.#own.keys()], async (field) => {
      const connection = this.#own.get(field);
      if (connection) await this.#put(connection, false).catch(() => {});
      if (connection && !this.#own.has(field)) await this.#takeOut(connection);
    });
  }

  async #put({ user, field, place, state }: OwnConnection, isSeen: boolean): Promise<void> {
    const { instance, metadata } = place;
    const value = JSON.stringify({ instance, ...(metadata ? { metadata } : {}), state });
    await this.#ask('presencePut', [this.#keyOf(user)], [this.#leaseMs, isSeen ? 1 : 0, field, value]);
  }

  #changed(connection: OwnConnection, state: 'active' | 'idle'): void {
    connection.state = state;
    if (this.#isClosed || !this.#own.has(connection.field)) return;
    // What cannot be said now is said with the next renewal.
    background(this.#put(connection, state === 'active').catch(() => {}));
  }

  async #leave(connection: OwnConnection): Promise<void> {
    if (this.#own.delete(connection.field)) await this.#takeOut(connection);
  }

  /** What cannot be taken out now ends with its lease. */
  async #takeOut({ user, field }: OwnConnection): Promise<void> {
    const { now, rememberMs = REMEMBER_MS } = this.#options;
    await this.#scripts.presenceLeave(this.#keyOf(user), now?.() ?? '', rememberMs, field).catch(() => {});
  }

  async #ask(
    script: keyof Scripts,
    keys: readonly (string | number)[],
    rest: readonly (string | number)[],
  ): Promise<unknown> {
    this.#mustBeOpen();
    const { now, rememberMs = REMEMBER_MS } = this.#options;
    return this.#scripts[script](...keys, now?.() ?? '', rememberMs, ...rest);
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new PresenceClosedError();
  }
}

async function inParts<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(work));
}

/** @param fields field and value of each */
function viewOf(fields: readonly string[]): PresenceView {
  const held = new Map<string, string>();
  for (let at = 0; at < fields.length; at += 2) held.set(fields[at] as string, fields[at + 1] as string);
  const connections = [...held]
    .filter(([field]) => field.startsWith('c:'))
    .map(([, value]) => {
      const { state, ...place } = JSON.parse(value) as InstancePlace & { state: 'active' | 'idle' };
      return { place, state };
    });
  const seen = held.get('seen');
  return {
    ...presenceOf(connections, held.get('said') as PresenceWord | undefined),
    ...(seen === undefined ? {} : { lastActiveAt: Number(seen) }),
  };
}
