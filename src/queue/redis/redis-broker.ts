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
import { deathsWith, handedBackNote, inHandNote, waitingNote } from '../broker/death-note.ts';
import { type RawEntry, RedisStream, timeOf } from './redis-stream.ts';

export interface RedisQueueSettings extends RedisSettings {
  readonly stream_name: string;
  readonly group: string;
  /** The first part of the consumer's name; the rest makes it unique to this process. */
  readonly consumer: string;
  /** Seconds after which the entries of an instance that went silent are taken over. */
  readonly claim_after: number;
}

const BLOCK_MS = 2000;
const COMMAND_MS = 1000;
const MOST_READ = 128;
const TRIM_MS = 30_000;
/** Longer than any `claim_after`: the next consumer that looks claims it. */
const HANDED_BACK_MS = 7 * 86_400_000;

/** A stream with a consumer group: entries stay pending until they are settled, and are then deleted. */
export class RedisBroker implements Broker {
  readonly name: string;
  readonly touchMs: number;
  readonly #settings: RedisQueueSettings;
  readonly #commands: RedisClient;
  readonly #reader: RedisClient;
  readonly #stream: RedisStream;
  readonly #claimMs: number;
  readonly #saved = new Set<string>();
  /** Of messages with a note, or with one to come. */
  readonly #deaths = new Map<string, number>();
  #events: BrokerEvents | undefined;
  #room = 0;
  #roomMade: (() => void) | undefined;
  /** Why there is no connection; undefined while there is one. */
  readonly #trouble: () => string | undefined;
  #lastError = 'connection lost';
  #up = false;
  /** Just connected: what others left behind is looked for at once. */
  #claimDue = false;
  #tooOld = false;
  /** The notes cannot be read or written, and a warning said so. */
  #isBlind = false;
  #stopped = false;
  #closed = false;
  #claimTimer: NodeJS.Timeout | undefined;
  #trimTimer: NodeJS.Timeout | undefined;

  constructor(settings: RedisQueueSettings, ca: readonly string[]) {
    this.#settings = settings;
    this.name = `queue.redis (${settings.addr})`;
    this.#claimMs = toMs(settings.claim_after);
    this.touchMs = this.#claimMs / 3;
    const consumer = `${settings.consumer}-${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
    const connectionName = consumer.replaceAll(/\s/g, '_');
    this.#commands = createRedisClient(settings, ca, {
      connectionName,
      commandTimeout: COMMAND_MS,
      socketTimeout: 4000,
    });
    this.#trouble = redisTrouble(this.#commands, settings);
    this.#reader = createRedisClient(settings, ca, { connectionName, socketTimeout: BLOCK_MS + 4000 });
    this.#stream = new RedisStream(this.#commands, { stream: settings.stream_name, group: settings.group, consumer });
  }

  start(events: BrokerEvents): void {
    this.#events = events;
    this.#commands.on('ready', () => background(this.#ready()));
    this.#commands.on('close', () => this.#down());
    for (const client of [this.#commands, this.#reader]) {
      client.on('error', (error: Error) => this.#failed(error));
      client.connect().catch((error: Error) => this.#failed(error));
    }
    this.#claimTimer = setInterval(() => background(this.#claim()), Math.min(2000, Math.max(50, this.#claimMs / 3)));
    this.#trimTimer = setInterval(() => background(this.#tidy()), TRIM_MS);
    this.#claimTimer.unref();
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
    if (this.#claimDue) background(this.#claim());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#roomMade?.();
    this.#reader.disconnect();
    // Entries that were on their way are this consumer's, although this process has not seen them.
    const pending = await this.#stream.ownPending();
    await this.#noteHandedBack(pending);
    await this.#stream.setIdle(pending, HANDED_BACK_MS);
  }

  async finish(ids: readonly string[]): Promise<void> {
    await this.#stream.finish(ids);
    const saved = ids.filter((id) => this.#saved.delete(id));
    if (saved.length > 0) await this.#stream.forgetProgress(saved);
    const noted = ids.filter((id) => this.#deaths.delete(id));
    if (noted.length > 0) await this.#note(noted, () => undefined);
  }

  touch(ids: readonly string[]): void {
    this.#stream.setIdle(ids, 0).catch((error) => this.#failed(error));
  }

  async save(id: string, progress: Uint8Array): Promise<void> {
    this.#saved.add(id);
    await this.#stream.saveProgress(id, progress);
  }

  async handBack(id: string): Promise<void> {
    if (!this.#stopped) await this.#noteHandedBack([id]);
    await this.#stream.setIdle([id], HANDED_BACK_MS);
  }

  inHand(ids: readonly string[]): Promise<void> {
    return this.#note(ids, inHandNote);
  }

  atRest(ids: readonly string[]): Promise<void> {
    return this.#note(ids, waitingNote);
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
    clearInterval(this.#claimTimer);
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
        this.#events?.up();
        this.#claimDue = true;
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
        this.#hand(await this.#stream.read(this.#reader, Math.min(MOST_READ, this.#room), BLOCK_MS));
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
      this.#events?.message({ id, body, at: timeOf(id), progress: progress?.get(id), deaths: this.#deaths.get(id) });
    }
  }

  /** Takes over what instances that are gone had under way. */
  async #claim(): Promise<void> {
    if (!this.#up || this.#stopped || this.#room < 1) return;
    this.#claimDue = false;
    try {
      const entries = await this.#stream.claim(this.#claimMs, this.#room);
      const progress = new Map<string, Uint8Array | undefined>();
      await Promise.all(entries.map(async ([id]) => progress.set(id, await this.#stream.progress(id))));
      for (const [id, saved] of progress) if (saved) this.#saved.add(id);
      await this.#countDeaths(entries.map(([id]) => id));
      this.#hand(entries, progress);
    } catch (error) {
      this.#failed(toError(error));
      if (!/unknown command/i.test(this.#lastError) || this.#tooOld) return;
      this.#tooOld = true;
      this.#events?.tell('error', 'what an instance that died had under way is not taken over: needs Redis 6.2');
    }
  }

  /** The instance that had these has died, or handed them back. A user that may not read the notes leaves them uncounted. */
  async #countDeaths(ids: readonly string[]): Promise<void> {
    const fresh = ids.filter((id) => this.#events?.holds(id) !== true);
    const notes = await this.#stream.notes(fresh).catch((error) => this.#noNotes(toError(error)));
    if (!notes) return;
    for (const [at, id] of fresh.entries()) this.#deaths.set(id, deathsWith(notes[at]));
    await this.#note(fresh, waitingNote).catch(() => {});
    for (const id of fresh) if (this.#deaths.get(id) === 0) this.#deaths.delete(id);
  }

  #noNotes({ message }: Error): undefined {
    if (this.#isBlind) return;
    this.#isBlind = true;
    this.#events?.tell('warn', `cannot count the instances that die with an entry: ${message}`);
  }

  async #noteHandedBack(ids: readonly string[]): Promise<void> {
    await this.#note(ids, handedBackNote).catch((error) => this.#noNotes(toError(error)));
  }

  async #note(ids: readonly string[], of: (deaths: number) => string | undefined): Promise<void> {
    if (ids.length === 0) return;
    await this.#stream.note(new Map(ids.map((id) => [id, of(this.#deaths.get(id) ?? 0)])));
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
