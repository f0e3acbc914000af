import { toError } from '../../kit/errors.ts';
import type { RedisClient } from '../../kit/net/redis-client.ts';

/** An entry as the stream's commands answer it: `null` fields when it was deleted meanwhile. */
export type RawEntry = readonly [id: string, fields: readonly string[] | null];

export interface StreamNames {
  readonly stream: string;
  readonly group: string;
  /** Unique to this process. */
  readonly consumer: string;
}

/** Entries that an instance claims in one command, and ids that go into one. */
const CHUNK = 1000;
const MOST_PENDING = 100_000;
/** Progress that was not deleted, because its entry was removed by hand, expires after a day. */
const PROGRESS_SECONDS = 86_400;
/** A consumer that holds nothing and did not ask for so long belongs to a process that is gone. */
const GONE_MS = 3_600_000;

/** The commands that the queue sends to its stream, by what they are for. Needs Redis 6.2. */
export class RedisStream {
  readonly #redis: RedisClient;
  readonly #names: StreamNames;

  constructor(redis: RedisClient, names: StreamNames) {
    this.#redis = redis;
    this.#names = names;
  }

  /** All entries or none. */
  async add(bodies: readonly Uint8Array[]): Promise<void> {
    const { stream } = this.#names;
    const [only] = bodies;
    if (bodies.length === 1 && only) {
      await this.#redis.xadd(stream, '*', 'body', asText(only));
      return;
    }
    const transaction = this.#redis.multi();
    for (const body of bodies) transaction.xadd(stream, '*', 'body', asText(body));
    failedOf(await transaction.exec());
  }

  /**
   * Makes stream and group where they are missing. Whatever lies in a stream without any group was never read, so the group
   * begins at its beginning; beside a group of another name it begins at the end.
   */
  async ensureGroup(): Promise<'made' | 'there' | 'beside another'> {
    const { stream, group } = this.#names;
    const groups = await this.#groups();
    if (groups.some(({ name }) => name === group)) return 'there';
    try {
      await this.#redis.xgroup('CREATE', stream, group, groups.length > 0 ? '$' : '0', 'MKSTREAM');
    } catch (error) {
      if (!toError(error).message.startsWith('BUSYGROUP')) throw error;
    }
    return groups.length > 0 ? 'beside another' : 'made';
  }

  /** @param reader a connection of its own, which stands still for up to `blockMs`. */
  async read(reader: RedisClient, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    const { stream, group, consumer } = this.#names;
    const answer = (await reader.xreadgroup(
      'GROUP',
      group,
      consumer,
      'COUNT',
      count,
      'BLOCK',
      blockMs,
      'STREAMS',
      stream,
      '>',
    )) as [string, RawEntry[]][] | null;
    return answer?.[0]?.[1] ?? [];
  }

  /** Takes over entries that no consumer has touched for `idleMs`. */
  async claim(idleMs: number, most: number): Promise<readonly RawEntry[]> {
    const { stream, group, consumer } = this.#names;
    const claimed: RawEntry[] = [];
    let cursor = '0-0';
    do {
      const count = Math.min(CHUNK, most - claimed.length);
      const answer = await this.#redis.xautoclaim(stream, group, consumer, idleMs, cursor, 'COUNT', count);
      const [next, entries] = answer as [string, RawEntry[]];
      claimed.push(...entries.filter((entry) => entry?.[1]));
      cursor = next;
    } while (cursor !== '0-0' && claimed.length < most);
    return claimed;
  }

  /** Takes over entries of another consumer that were not touched for `idleMs`. */
  async claimOf(other: string, idleMs: number, most: number): Promise<readonly RawEntry[]> {
    const { stream, group, consumer } = this.#names;
    const ids = await this.pendingOf(other, Math.min(CHUNK, most));
    if (ids.length === 0) return [];
    const entries = await this.#redis.call('XCLAIM', stream, group, consumer, Math.round(idleMs), ...ids);
    return (entries as RawEntry[]).filter((entry) => entry?.[1]);
  }

  /** Entries that are pending with a consumer; default: this process. */
  async pendingOf(consumer = this.#names.consumer, most = MOST_PENDING): Promise<string[]> {
    const { stream, group } = this.#names;
    const rows = (await this.#redis.xpending(stream, group, '-', '+', most, consumer)) as [string][];
    return rows.map(([id]) => id);
  }

  /** Other consumers with pending entries. */
  async otherHolders(): Promise<string[]> {
    const { stream, group, consumer } = this.#names;
    const [, , , rows] = (await this.#redis.xpending(stream, group)) as [number, string, string, [string][] | null];
    return (rows ?? []).map(([name]) => name).filter((name) => name !== consumer);
  }

  /** Who has an entry: this process, another one, or none. */
  async holderOf(id: string): Promise<'own' | 'other' | undefined> {
    const { stream, group, consumer } = this.#names;
    const [row] = (await this.#redis.xpending(stream, group, id, id, 1)) as [string, string][];
    return row && (row[1] === consumer ? 'own' : 'other');
  }

  /**
   * Says of entries that they are under way, as far as they are pending with this process: XCLAIM would take them from any consumer.
   */
  async touch(ids: ReadonlySet<string>): Promise<void> {
    if (ids.size === 0) return;
    const own = await this.pendingOf();
    await this.setIdle(
      own.filter((id) => ids.has(id)),
      0,
    );
  }

  /** Acknowledges and deletes: what is in the stream is unsettled. */
  async finish(ids: readonly string[]): Promise<void> {
    const { stream, group } = this.#names;
    for (let from = 0; from < ids.length; from += CHUNK) {
      const some = ids.slice(from, from + CHUNK);
      const transaction = this.#redis.multi();
      transaction.xack(stream, group, ...some).xdel(stream, ...some);
      failedOf(await transaction.exec());
    }
  }

  /** Says that entries of this process are under way (idle for `idleMs` = 0), or that any consumer may claim them (a long time). */
  async setIdle(ids: readonly string[], idleMs: number): Promise<void> {
    const { stream, group, consumer } = this.#names;
    for (let from = 0; from < ids.length; from += CHUNK) {
      const some = ids.slice(from, from + CHUNK);
      await this.#redis.call('XCLAIM', stream, group, consumer, 0, ...some, 'IDLE', idleMs, 'JUSTID');
    }
  }

  async saveProgress(id: string, done: Uint8Array): Promise<void> {
    await this.#redis.set(this.#progressKey(id), Buffer.from(done), 'EX', PROGRESS_SECONDS);
  }

  async progress(id: string): Promise<Uint8Array | undefined> {
    return (await this.#redis.getBuffer(this.#progressKey(id))) ?? undefined;
  }

  async forgetProgress(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#redis.unlink(this.#progressKey(id))));
  }

  /** What is noted of the deaths of instances (death-note.ts). */
  async notes(ids: readonly string[]): Promise<(string | undefined)[]> {
    if (ids.length === 0) return [];
    const notes = await this.#redis.hmget(this.#notesKey(), ...ids);
    return notes.map((note) => note ?? undefined);
  }

  /** Undefined removes a note. */
  async note(notes: ReadonlyMap<string, string | undefined>): Promise<void> {
    const gone = [...notes].flatMap(([id, note]) => (note === undefined ? [id] : []));
    const kept = [...notes].flatMap(([id, note]) => (note === undefined ? [] : [id, note]));
    const key = this.#notesKey();
    await Promise.all([
      gone.length > 0 ? this.#redis.hdel(key, ...gone) : undefined,
      kept.length > 0 ? this.#redis.hset(key, ...kept) : undefined,
      kept.length > 0 ? this.#redis.expire(key, PROGRESS_SECONDS) : undefined,
    ]);
  }

  /** Copies an entry to the stream of those that are not tried again, as it is and with what is said of it. */
  async copyAside(id: string, about: Readonly<Record<string, string>>): Promise<void> {
    const { stream } = this.#names;
    const [entry] = await this.#redis.xrange(stream, id, id);
    if (entry) await this.#redis.xadd(`${stream}.aside`, '*', ...entry[1], ...Object.entries(about).flat());
  }

  async length(): Promise<number> {
    return this.#redis.xlen(this.#names.stream);
  }

  /** UNIX milliseconds of the oldest entry. */
  async oldestAt(): Promise<number | undefined> {
    const [oldest] = await this.#redis.xrange(this.#names.stream, '-', '+', 'COUNT', 1);
    return oldest ? timeOf(oldest[0]) : undefined;
  }

  /** Deletes entries that a Gorush acknowledged and left in the stream, where no other group might want them. */
  async trimSettled(): Promise<void> {
    const { stream, group } = this.#names;
    const groups = await this.#groups();
    const [only] = groups;
    if (!only || groups.length > 1) return;
    const [pending, oldest] = (await this.#redis.xpending(stream, group)) as [number, string | null];
    const next = after(only.lastDelivered);
    await this.#redis.xtrim(stream, 'MINID', pending > 0 && oldest ? earlier(oldest, next) : next);
  }

  /** Removes the names of processes that are gone. */
  async forgetConsumers(prefix: string): Promise<void> {
    const { stream, group } = this.#names;
    const rows = (await this.#redis.xinfo('CONSUMERS', stream, group)) as unknown[][];
    for (const consumer of rows.map(record)) {
      const name = String(consumer.name);
      if (!name.startsWith(prefix) || consumer.pending !== 0 || Number(consumer.idle) < GONE_MS) continue;
      await this.#redis.xgroup('DELCONSUMER', stream, group, name);
    }
  }

  async #groups(): Promise<{ name: string; lastDelivered: string }[]> {
    try {
      const rows = (await this.#redis.xinfo('GROUPS', this.#names.stream)) as unknown[][];
      return rows.map(record).map((group) => ({
        name: String(group.name),
        lastDelivered: String(group['last-delivered-id']),
      }));
    } catch (error) {
      if (/no such key/i.test(toError(error).message)) return [];
      throw error;
    }
  }

  #notesKey(): string {
    return `${this.#names.stream}.deaths`;
  }

  #progressKey(id: string): string {
    return `${this.#names.stream}.progress:${id}`;
  }
}

/** The milliseconds in `1700000000000-3`. */
export const timeOf = (id: string): number => Number(id.split('-', 1)[0]);

/** A message is ASCII but for what the caller put into its request id. */
const asText = (body: Uint8Array): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();

const parts = (id: string): [number, number] => {
  const [ms = '0', serial = '0'] = id.split('-');
  return [Number(ms), Number(serial)];
};

function after(id: string): string {
  const [ms, serial] = parts(id);
  return `${ms}-${serial + 1}`;
}

function earlier(a: string, b: string): string {
  const [aMs, aSerial] = parts(a);
  const [bMs, bSerial] = parts(b);
  return aMs < bMs || (aMs === bMs && aSerial < bSerial) ? a : b;
}

function record(flat: unknown[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = flat[i + 1];
  return fields;
}

/** @throws the first error within a transaction, or that it was not carried out. */
function failedOf(results: [error: Error | null, result: unknown][] | null): void {
  if (!results) throw new Error('the transaction was not carried out');
  for (const [error] of results) if (error) throw error;
}
