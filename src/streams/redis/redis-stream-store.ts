import { hash } from 'node:crypto';
import { MartletError, toError } from '../../kit/errors.ts';
import type { RedisClient } from '../../kit/net/redis-client.ts';
import { boundsOf, epochOf, eventId, offsetIn, readingFrom, type StreamBounds } from '../event-id.ts';
import type { EventDraft, StreamEvent } from '../stream-event.ts';
import {
  DEFAULT_CAPS,
  DEFAULT_LIST,
  PAGE_BYTES,
  pageSize,
  StoreClosedError,
  type StreamCaps,
  type StreamEntry,
  type StreamPage,
  type StreamStore,
} from '../stream-store.ts';
import type { StreamsRedis } from './redis-server.ts';
import { BOUNDS, CLEANUP, FORGET, LIST, SAVE } from './stream-scripts.ts';

export interface RedisStreamStoreOptions extends Partial<StreamCaps> {
  /** Shared with presence, say; it stays open when the store is closed. */
  readonly redis: StreamsRedis;
  /** How long the stream of a person lasts after the last event; default 8 days, more than any retention of the hub by default. */
  readonly keepMs?: number;
  /** UNIX milliseconds; default: the clock of the server, so that instances agree. */
  readonly now?: () => number;
}

type Script = (...keysAndArguments: (string | number)[]) => Promise<unknown>;
type Scripts = Record<'streamSave' | 'streamList' | 'streamForget' | 'streamCleanup' | 'streamBounds', Script>;

const KEEP_MS = 8 * 86_400_000;
const FIELDS = 4;
/** People whose old events are looked for at once. */
const SWEPT_AT_ONCE = 500;
const OFFSET_DIGITS = /\.(\d{16})$/;

/** The stream moved between two questions each time: writers outran a reader. */
export class StreamMovedError extends MartletError {
  readonly code = 'ERR_STREAM_MOVED';
  constructor() {
    super('the stream changed while it was read');
  }
}

function withScripts(client: RedisClient): Scripts {
  client.defineCommand('streamSave', { lua: SAVE, numberOfKeys: 3 });
  client.defineCommand('streamList', { lua: LIST, numberOfKeys: 2 });
  client.defineCommand('streamForget', { lua: FORGET, numberOfKeys: 3 });
  client.defineCommand('streamCleanup', { lua: CLEANUP, numberOfKeys: 3 });
  client.defineCommand('streamBounds', { lua: BOUNDS });
  return client as unknown as Scripts;
}

/** Streams in Redis 6.2 or later, each person's in a slot of its own. Nothing is scanned, and no name of a person is in a key. */
export class RedisStreamStore implements StreamStore {
  readonly #options: RedisStreamStoreOptions;
  readonly #caps: StreamCaps;
  readonly #scripts: Scripts;
  #isClosed = false;

  constructor({
    maxEvents = DEFAULT_CAPS.maxEvents,
    maxBytes = DEFAULT_CAPS.maxBytes,
    ...options
  }: RedisStreamStoreOptions) {
    this.#options = options;
    this.#caps = { maxEvents, maxBytes };
    this.#scripts = withScripts(options.redis.client);
  }

  async save(user: string, draft: EventDraft): Promise<StreamEvent> {
    const [event] = await this.#saveAll(user, [draft]);
    return event as StreamEvent;
  }

  async saveBatch(entries: readonly StreamEntry[]): Promise<(StreamEvent | Error)[]> {
    this.#mustBeOpen();
    const byUser = Map.groupBy(entries.keys(), (place) => (entries[place] as StreamEntry).user);
    const results = new Array<StreamEvent | Error>(entries.length);
    const saves = [...byUser].map(async ([user, places]) => {
      try {
        const events = await this.#saveAll(
          user,
          places.map((place) => (entries[place] as StreamEntry).draft),
        );
        for (const [index, place] of places.entries()) results[place] = events[index] as StreamEvent;
      } catch (thrown) {
        for (const place of places) results[place] = toError(thrown);
      }
    });
    await Promise.all(saves);
    if (entries.length > 0 && results.every((result) => result instanceof Error)) throw results[0];
    return results;
  }

  async list(user: string, after: string, limit = DEFAULT_LIST): Promise<StreamPage> {
    let offset = Number(OFFSET_DIGITS.exec(after)?.[1] ?? 0);
    for (let tries = 0; tries < 5; tries++) {
      const answer = await this.#ask('streamList', this.#keysOf(user).slice(0, 2), [offset, limit, PAGE_BYTES]);
      const [made, floor, head, taken, ...fields] = answer as [string, string, string, string, ...string[]];
      const epoch = epochOf(Number(made), user);
      const bounds = boundsOf(epoch, Number(floor), Number(head));
      const from = readingFrom(after, bounds);
      offset = offsetIn(from.after);
      if (offset !== Number(taken)) continue;
      const events = eventsOf(epoch, fields);
      return { ...from, bounds, events: events.slice(0, pageSize(events)) };
    }
    throw new StreamMovedError();
  }

  async bounds(users: readonly string[]): Promise<ReadonlyMap<string, StreamBounds>> {
    this.#mustBeOpen();
    const parts = this.#options.redis.isOneNode ? [users] : users.map((user) => [user]);
    const answers = await Promise.all(parts.map((some) => this.#boundsOf(some)));
    return new Map(answers.flat());
  }

  async forget(user: string): Promise<number> {
    return Number(await this.#ask('streamForget', this.#keysOf(user)));
  }

  async cleanup(olderThan: number): Promise<number> {
    let removed = 0;
    for (;;) {
      this.#mustBeOpen();
      const { client } = this.#options.redis;
      const tags = await client.zrangebyscore(this.#index, '-inf', `(${olderThan}`, 'LIMIT', 0, SWEPT_AT_ONCE);
      const counts = await Promise.all(tags.map((tag) => this.#cleanupOf(tag, olderThan)));
      removed += counts.reduce((sum, count) => sum + count, 0);
      if (tags.length < SWEPT_AT_ONCE) return removed;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** When the oldest event of each person was saved, by the tag of their keys. */
  get #index(): string {
    return `${this.#options.redis.prefix}oldest`;
  }

  #keysOf(user: string): string[] {
    return this.#keysOfTag(tagOf(user));
  }

  #keysOfTag(tag: string): string[] {
    return ['m', 's', 'k'].map((part) => `${this.#options.redis.prefix}{${tag}}${part}`);
  }

  async #saveAll(user: string, drafts: readonly EventDraft[]): Promise<StreamEvent[]> {
    const { maxEvents, maxBytes } = this.#caps;
    const fields = drafts.flatMap(({ type, payload, timestamp, key = '' }) => [type, payload, timestamp, key]);
    const answer = await this.#ask('streamSave', this.#keysOf(user), [maxEvents, maxBytes, ...fields]);
    const [made, wasEmpty, ...saved] = answer as [string, number, ...string[]];
    if (wasEmpty === 1) await this.#note(tagOf(user), this.#options.now?.() ?? Date.now());
    return eventsOf(epochOf(Number(made), user), saved);
  }

  async #boundsOf(users: readonly string[]): Promise<[string, StreamBounds][]> {
    if (users.length === 0) return [];
    const keys = users.map((user) => this.#keysOf(user)[0] as string);
    const answer = (await this.#ask('streamBounds', [keys.length, ...keys], [])) as string[];
    return users.map((user, index) => {
      const [made, floor, head] = answer.slice(3 * index).map(Number) as [number, number, number];
      return [user, boundsOf(epochOf(made, user), floor, head)];
    });
  }

  async #cleanupOf(tag: string, olderThan: number): Promise<number> {
    const answer = await this.#ask('streamCleanup', this.#keysOfTag(tag), [olderThan]);
    const [removed, oldest] = answer as [number, string];
    if (oldest === '') await this.#options.redis.client.zrem(this.#index, tag);
    else await this.#note(tag, Number(oldest));
    return removed;
  }

  /** The index may lag behind: what it does not know goes when its key expires. */
  async #note(tag: string, oldest: number): Promise<void> {
    await this.#options.redis.client.zadd(this.#index, oldest, tag);
  }

  async #ask(
    script: keyof Scripts,
    keys: readonly (string | number)[],
    rest: readonly (string | number)[] = [],
  ): Promise<unknown> {
    this.#mustBeOpen();
    const { redis, keepMs = KEEP_MS, now } = this.#options;
    const process = await redis.process();
    return this.#scripts[script](...keys, now?.() ?? '', keepMs, process, ...rest);
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new StoreClosedError();
  }
}

/** What a person's keys have alike, and no name. */
const tagOf = (user: string): string => hash('sha256', user, 'base64url');

/** @param fields offset, type, payload, timestamp of each */
function eventsOf(epoch: string, fields: readonly string[]): StreamEvent[] {
  return Array.from({ length: fields.length / FIELDS }, (_, index) => {
    const [offset, type, payload, timestamp] = fields.slice(FIELDS * index) as [string, string, string, string];
    return { id: eventId(epoch, Number(offset)), type, payload, timestamp };
  });
}
