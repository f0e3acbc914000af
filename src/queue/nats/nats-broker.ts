import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { background } from '../../kit/background.ts';
import { backoff } from '../../kit/backoff.ts';
import { toError } from '../../kit/errors.ts';
import { toMs } from '../../kit/seconds.ts';
import type { AsideMessage, Backlog, Broker, BrokerEvents } from '../broker/broker.ts';
import { deathsWith, handedBackNote, inHandNote, waitingNote } from '../broker/death-note.ts';
import { connectNats, type NatsSettings } from './nats-connection.ts';
import { natsServers } from './nats-servers.ts';
import { NatsStream } from './nats-stream.ts';

export interface NatsQueueSettings extends NatsSettings {
  readonly subj: string;
  readonly queue: string;
  /** Copies of each message in a cluster. */
  readonly replicas: number;
  /** Seconds after which the messages of an instance that went silent go to others. */
  readonly claim_after: number;
}

const FETCH_MS = 2000;
const RETRY = { firstMs: 100, maxMs: 5000 };
/** Messages of a Gorush that wait to be stored; a Gorush's NATS keeps none, so more are lost as they would be there. */
const MOST_FORWARDED = 10_000;

/**
 * JetStream: a work queue with one durable consumer that all instances pull from; messages are acknowledged when they are
 * settled. A Gorush publishes with plain NATS, which stores nothing: what it still publishes is taken in its queue group and
 * stored.
 */
export class NatsBroker implements Broker {
  readonly name: string;
  readonly touchMs: number;
  readonly #settings: NatsQueueSettings;
  readonly #ca: readonly string[];
  readonly #stream: NatsStream;
  readonly #messages = new Map<string, JsMsg>();
  readonly #saved = new Set<string>();
  /** Of messages with a note. */
  readonly #deaths = new Map<string, number>();
  #nc: NatsConnection | undefined;
  #events: BrokerEvents | undefined;
  #room = 0;
  #roomMade: (() => void) | undefined;
  #fetching: ConsumerMessages | undefined;
  #up = false;
  #ensuring = false;
  #forwarding = 0;
  #stopped = false;
  #closed = false;

  /** @param answerMs how long the server has to answer; default: a second. */
  constructor(settings: NatsQueueSettings, ca: readonly string[], answerMs?: number) {
    this.#settings = settings;
    this.#ca = ca;
    this.name = `queue.nats (${natsServers(settings.addr).servers.join(',')})`;
    const ackWaitMs = toMs(settings.claim_after);
    this.touchMs = ackWaitMs / 3;
    this.#stream = new NatsStream({ ...settings, ackWaitMs, answerMs });
  }

  start(events: BrokerEvents): void {
    this.#events = events;
    background(this.#connect());
    background(this.#read());
  }

  async publish(bodies: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#stream.publish(bodies);
    } catch (error) {
      // No stream listens: it was deleted.
      if (this.#up) background(this.#ensure());
      throw error;
    }
  }

  want(count: number): void {
    this.#room = count;
    if (count > 0) this.#roomMade?.();
  }

  async stop(): Promise<void> {
    this.#room = 0;
    this.#stopped = true;
    // Else what is handed back comes here again.
    this.#fetching?.stop();
    await this.#nc?.flush();
  }

  async finish(ids: readonly string[]): Promise<void> {
    if (!this.#up || !this.#nc) throw new Error('not connected');
    const saved: number[] = [];
    const noted: number[] = [];
    for (const id of ids) {
      const message = this.#messages.get(id);
      message?.ack();
      if (message && this.#deaths.delete(id)) noted.push(message.seq);
      if (message && this.#saved.delete(id)) saved.push(message.seq);
    }
    await this.#nc.flush();
    for (const id of ids) this.#messages.delete(id);
    await Promise.all([
      ...saved.map((seq) => this.#stream.forgetProgress(seq)),
      ...noted.map((seq) => this.#stream.note(seq, undefined)),
    ]);
  }

  touch(ids: readonly string[]): void {
    for (const id of ids) this.#messages.get(id)?.working();
  }

  async save(id: string, progress: Uint8Array): Promise<void> {
    const message = this.#messages.get(id);
    if (!message) return;
    this.#saved.add(id);
    await this.#stream.saveProgress(message.seq, progress);
  }

  async handBack(id: string, _rest: unknown, pauseMs?: number): Promise<void> {
    await this.#note([id], handedBackNote).catch(() => {});
    this.#deaths.delete(id);
    this.#messages.get(id)?.nak(pauseMs);
    this.#messages.delete(id);
    await this.#nc?.flush();
  }

  inHand(ids: readonly string[]): Promise<void> {
    return this.#note(ids, inHandNote);
  }

  atRest(ids: readonly string[]): Promise<void> {
    return this.#note(ids, waitingNote);
  }

  async setAside({ id, body, reason, deaths, at }: AsideMessage): Promise<void> {
    await this.#stream.storeAside(body, { Id: id, Reason: reason, Deaths: String(deaths), At: String(at) });
  }

  backlog(): Promise<Backlog> {
    return this.#stream.backlog();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopped = true;
    this.#roomMade?.();
    this.#fetching?.stop();
    await this.#nc?.close();
  }

  async #connect(): Promise<void> {
    for (let failures = 0; !this.#closed; failures++) {
      try {
        const nc = await connectNats(this.#settings, this.#ca, `martlet-${hostname()}-${process.pid}`);
        if (this.#closed) {
          await nc.close();
          return;
        }
        this.#nc = nc;
        background(this.#watch(nc), (error) => this.#gone(error.message));
        this.#forwardGorush(nc);
        await this.#ensure();
        return;
      } catch (error) {
        this.#down(toError(error).message);
        await pause(failures);
      }
    }
  }

  /** Until the connection is closed for good. */
  async #watch(nc: NatsConnection): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') this.#down('connection lost');
      if (status.type === 'reconnect') background(this.#ensure());
      if (status.type === 'error' && !this.#up) this.#events?.down(status.error.message);
    }
    if (!this.#closed) this.#gone('connection closed');
  }

  /** For good: the client opens this connection no more. */
  #gone(why: string): void {
    this.#down(why);
    background(this.#connect());
  }

  #down(why: string): void {
    this.#up = false;
    if (!this.#closed) this.#events?.down(why);
  }

  async #ensure(): Promise<void> {
    if (this.#ensuring) return;
    this.#ensuring = true;
    for (let failures = 0; !this.#closed && this.#nc && !this.#nc.isClosed(); failures++) {
      try {
        await this.#stream.ensure(this.#nc);
        this.#up = true;
        this.#events?.up();
        break;
      } catch (error) {
        this.#down(toError(error).message);
        await pause(failures);
      }
    }
    this.#ensuring = false;
  }

  async #read(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      await this.#hasRoom();
      if (this.#stopped) return;
      try {
        if (!this.#up) throw new Error('not connected');
        const consumer = await this.#stream.consumer();
        this.#fetching = await consumer.fetch({ max_messages: this.#room, expires: FETCH_MS });
        for await (const message of this.#fetching) {
          this.#room--;
          await this.#hand(message);
        }
        failures = 0;
      } catch {
        // Deleted stream or consumer, lost connection: the one is made again, the other comes back.
        if (this.#up && failures > 0) background(this.#ensure());
        await pause(failures++);
      }
    }
  }

  async #hand(message: JsMsg): Promise<void> {
    const id = `${message.seq}:${message.timestampNanos}`;
    this.#messages.set(id, message);
    let progress: Uint8Array | undefined;
    if (message.redelivered) {
      progress = await this.#stream.progress(message.seq).catch(() => undefined);
      if (progress) this.#saved.add(id);
      if (this.#events?.holds(id) !== true) await this.#countDeath(id, message.seq);
    }
    const deaths = this.#deaths.get(id);
    this.#events?.message({ id, body: message.data, at: message.time.getTime(), progress, deaths });
  }

  /** The instance that had it has died, or handed it back. */
  async #countDeath(id: string, seq: number): Promise<void> {
    try {
      const deaths = deathsWith(await this.#stream.noteOf(seq));
      this.#deaths.set(id, deaths);
      await this.#note([id], waitingNote);
      if (deaths === 0) this.#deaths.delete(id);
    } catch {
      // Where notes cannot be read or written, it is not counted.
    }
  }

  async #note(ids: readonly string[], of: (deaths: number) => string | undefined): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        const message = this.#messages.get(id);
        if (message) await this.#stream.note(message.seq, of(this.#deaths.get(id) ?? 0));
      }),
    );
  }

  async #hasRoom(): Promise<void> {
    while (this.#room < 1 && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
    this.#roomMade = undefined;
  }

  /** In Gorush's own queue group, so that each message goes to it or to us. */
  #forwardGorush(nc: NatsConnection): void {
    const { subj, queue } = this.#settings;
    nc.subscribe(subj, { queue, callback: (error, message) => background(error ? undefined : this.#forward(message)) });
  }

  async #forward(message: Msg): Promise<void> {
    if (this.#forwarding >= MOST_FORWARDED) {
      this.#events?.tell('error', `lost a message that a Gorush published: ${MOST_FORWARDED} wait to be stored`);
      return;
    }
    this.#forwarding++;
    for (let failures = 0; !this.#closed; failures++) {
      try {
        await this.#stream.publish([message.data]);
        break;
      } catch {
        await pause(failures);
      }
    }
    this.#forwarding--;
  }
}

const pause = (failures: number): Promise<void> =>
  sleep(50 + backoff(failures, RETRY), undefined, { ref: false }) as Promise<void>;
