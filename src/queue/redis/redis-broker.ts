import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { background } from '../../kit/background.ts';
import { backoff } from '../../kit/backoff.ts';
import { toError } from '../../kit/errors.ts';
import { createRedisClient, type RedisClient, type RedisSettings } from '../../kit/net/redis-client.ts';
import { redisErrorText, redisTrouble } from '../../kit/net/redis-trouble.ts';
import { toMs } from '../../kit/seconds.ts';
import type { AsideMessage, Backlog, Broker, BrokerEvents } from '../broker/broker.ts';
import { MessageDeaths } from '../broker/message-deaths.ts';
import { AliveKeys } from './alive-keys.ts';
import { type RawEntry, RedisStream, timeOf } from './redis-stream.ts';
import { RedisTakeover } from './redis-takeover.ts';

export interface RedisQueueSettings extends RedisSettings {
  readonly stream_name: string;
  readonly group: string;
  /** The first part of the consumer's name; the rest makes it unique to this process. */
  readonly consumer: string;
  /** Seconds after which the entries of an instance that showed that it lived, and does so no more, are taken over. */
  readonly lease: number;
  /** Seconds after which entries are taken over that were not touched. */
  readonly claim_after: number;
}

const BLOCK_MS = 2000;
const COMMAND_MS = 1000;
const MOST_READ = 128;
const TRIM_MS = 30_000;
/** Longer than any `claim_after`: the next consumer that looks claims it. */
const HANDED_BACK_MS = 7 * 86_400_000;
/** Signs of life in a lease, and touches of each entry in `claim_after`. */
const SIGNS = 5;
const TOUCHES = 3;

/** A stream with a consumer group: entries stay pending until they are settled, and are then deleted. */
export class RedisBroker implements Broker {
  readonly name: string;
  readonly #settings: RedisQueueSettings;
  readonly #commands: RedisClient;
  readonly #reader: RedisClient;
  readonly #stream: RedisStream;
  readonly #alive: AliveKeys;
  readonly #deaths: MessageDeaths<string>;
  readonly #takeover: RedisTakeover;
  readonly #claimMs: number;
  readonly #leaseMs: number;
  readonly #saved = new Set<string>();
  /** Of those that are here, and that the server has forgotten. */
  readonly #forgotten = new Set<string>();
  /** Monotonic milliseconds. */
  #entriesTouchedAt = Number.NEGATIVE_INFINITY;
  #events: BrokerEvents | undefined;
  #room = 0;
  #roomMade: (() => void) | undefined;
  /** Why there is no connection; undefined while there is one. */
  readonly #trouble: () => string | undefined;
  #lastError = 'connection lost';
  #up = false;
  /** A connection was lost, or could not be made: since the last one, and since it was asked what others have. */
  #wasAway = false;
  #isReconnected = false;
  /** How often it was asked what others have, after a silence. */
  #silences = 0;
  /** The notes cannot be read or written, and a warning said so. */
  #isBlind = false;
  #stopped = false;
  #closed = false;
  #trimTimer: NodeJS.Timeout | undefined;

  constructor(settings: RedisQueueSettings, ca: readonly string[]) {
    this.#settings = settings;
    this.name = `queue.redis (${settings.addr})`;
    this.#claimMs = toMs(settings.claim_after);
    this.#leaseMs = Math.min(toMs(settings.lease), this.#claimMs);
    const consumer = `${settings.consumer}-${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
    const connectionName = consumer.replaceAll(/\s/g, '_');
    this.#commands = createRedisClient(settings, ca, {
      connectionName,
      commandTimeout: COMMAND_MS,
      socketTimeout: 4000,
    });
    this.#trouble = redisTrouble(this.#commands, settings);
    this.#reader = createRedisClient(settings, ca, { connectionName, socketTimeout: BLOCK_MS + 4000 });
    const names = { stream: settings.stream_name, group: settings.group, consumer };
    const tell: BrokerEvents['tell'] = (level, message) => this.#events?.tell(level, message);
    this.#stream = new RedisStream(this.#commands, names);
    this.#alive = new AliveKeys(this.#commands, names, tell);
    this.#deaths = new MessageDeaths(this.#stream, (error) => this.#noNotes(error));
    this.#takeover = new RedisTakeover({
      stream: this.#stream,
      alive: this.#alive,
      claimMs: this.#claimMs,
      leaseMs: this.#leaseMs,
      room: () => (this.#up && !this.#stopped ? this.#room : 0),
      isSure: () => this.#events?.isSure() ?? false,
      take: (entries) => this.#takeOver(entries),
      failed: (error) => this.#failed(error),
      tell,
      now: () => performance.now(),
    });
  }

  get leaseMs(): number | undefined {
    return this.#alive.isRefused ? undefined : this.#leaseMs;
  }

  get touchMs(): number {
    return this.#alive.isRefused ? this.#claimMs / TOUCHES : Math.min(this.#leaseMs / SIGNS, this.#claimMs / TOUCHES);
  }

  start(events: BrokerEvents): void {
    this.#events = events;
    this.#commands.on('ready', () => background(this.#ready()));
    this.#commands.on('close', () => this.#down());
    for (const client of [this.#commands, this.#reader]) {
      client.on('error', (error: Error) => this.#failed(error));
      client.connect().catch((error: Error) => this.#failed(error));
    }
    this.#takeover.start();
    this.#trimTimer = setInterval(() => background(this.#tidy()), TRIM_MS);
    this.#trimTimer.unref();
    background(this.#read());
  }

  publish(bodies: readonly Uint8Array[]): Promise<void> {
    return this.#stream.add(bodies);
  }

  want(count: number): void {
    this.#room = count;
    if (count < 1) return;
    this.#roomMade?.();
    this.#takeover.wanted();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#roomMade?.();
    this.#reader.disconnect();
    // Entries that were on their way are this consumer's, although this process has not seen them.
    const pending = await this.#stream.pendingOf();
    await this.#deaths.handedBack(pending);
    await this.#stream.setIdle(pending, HANDED_BACK_MS);
    await this.#alive.take();
  }

  async finish(ids: readonly string[]): Promise<void> {
    await this.#stream.finish(ids);
    const saved = ids.filter((id) => this.#saved.delete(id));
    if (saved.length > 0) await this.#stream.forgetProgress(saved);
    for (const id of ids) this.#forgotten.delete(id);
    await this.#deaths.finished(ids);
  }

  /** Each entry is touched as well, for instances of before that know no other sign. */
  async touch(ids: readonly string[]): Promise<void> {
    await this.#alive.give();
    const now = performance.now();
    if (now - this.#entriesTouchedAt < this.#claimMs / TOUCHES - this.touchMs / 2) return;
    await this.#stream.touch(new Set(ids));
    this.#entriesTouchedAt = now;
  }

  async lost(ids: readonly string[], isNew: (id: string) => boolean): Promise<ReadonlySet<string>> {
    this.#silences++;
    const { isForgotten } = this.#alive;
    const isReconnected = this.#isReconnected;
    const own = new Set(await this.#stream.pendingOf());
    const others = ids.filter((id) => !own.has(id));
    const holders = await Promise.all(others.map((id) => this.#stream.holderOf(id)));
    this.#alive.remember();
    this.#isReconnected = false;
    const lost = new Set<string>();
    for (const [at, id] of others.entries()) {
      // What is with none was finished by another, unless the server may have forgotten it: the failover to one that had it not yet.
      const mayBeForgotten = this.#forgotten.has(id) || isForgotten || (isReconnected && isNew(id));
      if (holders[at] === 'other' || (holders[at] === undefined && !mayBeForgotten)) lost.add(id);
      else if (holders[at] === undefined) this.#forgotten.add(id);
    }
    for (const id of lost) this.#saved.delete(id);
    this.#deaths.forget([...lost]);
    return lost;
  }

  async save(id: string, progress: Uint8Array): Promise<void> {
    this.#saved.add(id);
    await this.#stream.saveProgress(id, progress);
  }

  async handBack(id: string): Promise<void> {
    if (!this.#stopped) await this.#deaths.handedBack([id]);
    await this.#stream.setIdle([id], HANDED_BACK_MS);
  }

  inHand(ids: readonly string[]): Promise<void> {
    return this.#deaths.inHand(ids);
  }

  atRest(ids: readonly string[]): Promise<void> {
    return this.#deaths.atRest(ids);
  }

  async setAside({ id, reason, deaths, at }: AsideMessage): Promise<void> {
    await this.#stream.copyAside(id, { reason, deaths: String(deaths), at: String(at) });
  }

  async backlog(): Promise<Backlog> {
    const [messages, oldestAt] = await Promise.all([this.#stream.length(), this.#stream.oldestAt()]);
    return { messages, oldestAt };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopped = true;
    this.#takeover.close();
    clearInterval(this.#trimTimer);
    this.#roomMade?.();
    this.#commands.disconnect();
    this.#reader.disconnect();
  }

  async #ready(): Promise<void> {
    for (let failures = 0; !this.#closed && this.#commands.status === 'ready'; failures++) {
      try {
        await this.#ensureGroup();
        this.#up = true;
        this.#entriesTouchedAt = Number.NEGATIVE_INFINITY;
        this.#takeover.connected(this.#wasAway);
        this.#wasAway = false;
        this.#events?.up();
        background(this.#tidy());
        return;
      } catch (error) {
        this.#failed(toError(error));
        this.#events?.down(this.#lastError);
        await sleep(100 + backoff(failures, { firstMs: 200, maxMs: 5000 }), undefined, { ref: false });
      }
    }
  }

  #down(): void {
    this.#up = false;
    this.#wasAway = true;
    this.#isReconnected = true;
    if (!this.#closed) this.#events?.down(this.#trouble() ?? this.#lastError);
  }

  #failed(error: Error): void {
    this.#lastError = redisErrorText(error);
  }

  async #ensureGroup(): Promise<void> {
    if ((await this.#stream.ensureGroup()) !== 'beside another') return;
    const { stream_name, group } = this.#settings;
    const what = `the stream ${stream_name} has a group of another name; ${group} begins at its end`;
    this.#events?.tell('warn', `${what}, what lies in it is left to the other`);
  }

  async #read(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      await this.#hasRoom();
      if (this.#stopped) return;
      try {
        const silences = this.#silences;
        const entries = await this.#stream.read(this.#reader, Math.min(MOST_READ, this.#room), BLOCK_MS);
        this.#hand(await this.#ownOf(entries, silences));
        failures = 0;
      } catch (error) {
        const { message } = toError(error);
        // The stream is gone: FLUSHALL, DEL, or a failover to a server that never had it.
        const flushed = /^(NOGROUP|UNBLOCKED)/.test(message);
        if (flushed) await this.#ensureGroup().catch((again) => this.#failed(toError(again)));
        if (!flushed || failures > 0) {
          await sleep(50 + backoff(failures, { firstMs: 100, maxMs: 2000 }), undefined, { ref: false });
        }
        failures++;
      }
    }
  }

  /**
   * Of entries that were on their way here during a silence, those that no other has taken over.
   * @param began the silences that there had been when they were asked for
   */
  async #ownOf(entries: readonly RawEntry[], began: number): Promise<readonly RawEntry[]> {
    const isLate = this.#silences !== began || !this.#events?.isSure();
    if (!isLate || entries.length === 0) return entries;
    const own = new Set(await this.#stream.pendingOf());
    return entries.filter(([id]) => own.has(id));
  }

  async #hasRoom(): Promise<void> {
    while (this.#room < 1 && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
    this.#roomMade = undefined;
  }

  #hand(entries: readonly RawEntry[], progress?: ReadonlyMap<string, Uint8Array | undefined>): void {
    this.#room -= entries.length;
    for (const [id, fields] of entries) {
      const place = fields ? fields.indexOf('body') : -1;
      const body = place % 2 === 0 ? (fields?.[place + 1] ?? '') : '';
      this.#events?.message({ id, body, at: timeOf(id), progress: progress?.get(id), deaths: this.#deaths.of(id) });
    }
  }

  #noNotes({ message }: Error): void {
    if (this.#isBlind) return;
    this.#isBlind = true;
    this.#events?.tell('warn', `cannot count the instances that die with an entry: ${message}`);
  }

  /** @returns how many of them an instance died with */
  async #takeOver(entries: readonly RawEntry[]): Promise<number> {
    if (entries.length === 0) return 0;
    const silences = this.#silences;
    const progress = new Map<string, Uint8Array | undefined>();
    await Promise.all(entries.map(async ([id]) => progress.set(id, await this.#stream.progress(id))));
    for (const [id, saved] of progress) if (saved) this.#saved.add(id);
    const fresh = entries.map(([id]) => id).filter((id) => this.#events?.holds(id) !== true);
    const dead = fresh.length > 0 ? await this.#deaths.count(fresh) : 0;
    this.#hand(await this.#ownOf(entries, silences), progress);
    return dead;
  }

  async #tidy(): Promise<void> {
    if (!this.#up) return;
    try {
      await this.#stream.trimSettled();
      await this.#stream.forgetConsumers(`${this.#settings.consumer}-`);
    } catch (error) {
      this.#failed(toError(error));
    }
  }
}
