import { hostname } from 'node:os';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { toMs } from '../../kit/seconds.ts';
import type { AsideMessage, Backlog, Broker, BrokerEvents } from '../broker/broker.ts';
import { MessageDeaths } from '../broker/message-deaths.ts';
import { GorushMessages, pause } from './gorush-messages.ts';
import { connectNats, type NatsSettings } from './nats-connection.ts';
import { instanceName } from './nats-instances.ts';
import { natsServers } from './nats-servers.ts';
import { NatsStream } from './nats-stream.ts';
import { NatsTakeover } from './nats-takeover.ts';

export interface NatsQueueSettings extends NatsSettings {
  readonly subj: string;
  readonly queue: string;
  /** Copies of each message in a cluster. */
  readonly replicas: number;
  /** Seconds after which the messages of an instance that went silent go to others. */
  readonly lease: number;
  /** The same, while there are instances that know no lease. */
  readonly claim_after: number;
}

const FETCH_MS = 2000;
/** Words about each message in a lease. */
const TOUCHES = 5;
/** Questions about messages that are under way at a time. */
const MOST_QUESTIONS = 200;

/**
 * JetStream: a work queue with one durable consumer that all instances pull from; messages are acknowledged when they are
 * settled. A Gorush publishes with plain NATS, which stores nothing: what it still publishes is taken in its queue group and
 * stored.
 */
export class NatsBroker implements Broker {
  readonly name: string;
  readonly leaseMs: number;
  readonly touchMs: number;
  readonly #settings: NatsQueueSettings;
  readonly #ca: readonly string[];
  readonly #stream: NatsStream;
  readonly #messages = new Map<string, JsMsg>();
  /** Of those that others had: it is looked up what is known of them. */
  readonly #arriving = new Set<string>();
  /** Of those that are here, and that the server has forgotten. */
  readonly #forgotten = new Set<string>();
  readonly #saved = new Set<string>();
  /** By the places of the messages in the stream. */
  readonly #deaths: MessageDeaths<number>;
  readonly #takeover: NatsTakeover;
  readonly #gorush: GorushMessages;
  #nc: NatsConnection | undefined;
  #events: BrokerEvents | undefined;
  #room = 0;
  #roomMade: (() => void) | undefined;
  #fetching: ConsumerMessages | undefined;
  #up = false;
  /** A connection was lost, or could not be made: since the last one, and since it was asked what others have. */
  #wasAway = false;
  #isReconnected = false;
  /** How often it was asked what others have, after a silence. */
  #silences = 0;
  /** Monotonic milliseconds. */
  #heardAt = Number.POSITIVE_INFINITY;
  #ensuring = false;
  #stopped = false;
  #closed = false;

  /** @param answerMs how long the server has to answer; default: a second. */
  constructor(settings: NatsQueueSettings, ca: readonly string[], answerMs?: number) {
    this.#settings = settings;
    this.#ca = ca;
    this.name = `queue.nats (${natsServers(settings.addr).servers.join(',')})`;
    const claimMs = Math.round(toMs(settings.claim_after));
    const leaseMs = Math.min(Math.round(toMs(settings.lease)), claimMs);
    this.leaseMs = leaseMs;
    this.touchMs = leaseMs / TOUCHES;
    const stream = new NatsStream({ ...settings, leaseMs, answerMs });
    this.#stream = stream;
    this.#deaths = new MessageDeaths(stream);
    const tell: BrokerEvents['tell'] = (level, message) => this.#events?.tell(level, message);
    const now = (): number => performance.now();
    this.#gorush = new GorushMessages({ ...settings, stream, tell, isClosed: () => this.#closed });
    this.#takeover = new NatsTakeover({ stream, subject: settings.subj, leaseMs, claimMs, tell, now });
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
    for (const id of ids) {
      const message = this.#messages.get(id);
      message?.ack();
      if (message && this.#saved.delete(id)) saved.push(message.seq);
    }
    await this.#nc.flush();
    const seqs = this.#seqsOf(ids);
    for (const id of ids) {
      this.#messages.delete(id);
      this.#forgotten.delete(id);
    }
    await Promise.all([...saved.map((seq) => this.#stream.forgetProgress(seq)), this.#deaths.finished(seqs)]);
  }

  async touch(ids: readonly string[]): Promise<void> {
    if (!this.#up || !this.#nc) throw new Error('not connected');
    const at = performance.now();
    for (const id of ids) this.#messages.get(id)?.working();
    await this.#nc.flush();
    // Whatever kept this instance from being heard may have kept others.
    if (at - this.#heardAt > this.leaseMs) this.#takeover.patience(this.leaseMs);
    this.#heardAt = at;
  }

  async lost(ids: readonly string[], isNew: (id: string) => boolean): Promise<ReadonlySet<string>> {
    this.#silences++;
    const isReconnected = this.#isReconnected;
    const lost = new Set<string>();
    for (let from = 0; from < ids.length; from += MOST_QUESTIONS) {
      const some = ids.slice(from, from + MOST_QUESTIONS);
      await Promise.all(some.map(async (id) => (await this.#isLost(id, isReconnected && isNew(id))) && lost.add(id)));
    }
    this.#isReconnected = false;
    this.#deaths.forget(this.#seqsOf([...lost]));
    for (const id of lost) {
      this.#messages.delete(id);
      this.#saved.delete(id);
    }
    return lost;
  }

  async save(id: string, progress: Uint8Array): Promise<void> {
    const message = this.#messages.get(id);
    if (!message) return;
    this.#saved.add(id);
    await this.#stream.saveProgress(message.seq, progress);
  }

  async handBack(id: string, _rest: unknown, pauseMs?: number): Promise<void> {
    const message = this.#messages.get(id);
    if (message) await this.#deaths.handedBack([message.seq]);
    message?.nak(pauseMs);
    this.#messages.delete(id);
    await this.#nc?.flush();
  }

  inHand(ids: readonly string[]): Promise<void> {
    return this.#deaths.inHand(this.#seqsOf(ids));
  }

  atRest(ids: readonly string[]): Promise<void> {
    return this.#deaths.atRest(this.#seqsOf(ids));
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
    this.#takeover.close();
    await this.#nc?.close();
  }

  async #connect(): Promise<void> {
    for (let failures = 0; !this.#closed; failures++) {
      try {
        const name = instanceName(this.leaseMs, `${hostname()}-${process.pid}`);
        const nc = await connectNats(this.#settings, this.#ca, name);
        if (this.#closed) {
          await nc.close();
          return;
        }
        this.#nc = nc;
        background(this.#watch(nc), (error) => this.#gone(error.message));
        this.#gorush.forward(nc);
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
    this.#wasAway = true;
    this.#isReconnected = true;
    if (!this.#closed) this.#events?.down(why);
  }

  async #ensure(): Promise<void> {
    if (this.#ensuring) return;
    this.#ensuring = true;
    for (let failures = 0; !this.#closed && this.#nc && !this.#nc.isClosed(); failures++) {
      try {
        await this.#stream.ensure(this.#nc);
        this.#up = true;
        this.#takeover.connected(this.#nc, this.#wasAway);
        this.#wasAway = false;
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
        const silences = this.#silences;
        const consumer = await this.#stream.consumer();
        this.#fetching = await consumer.fetch({ max_messages: this.#room, expires: FETCH_MS });
        for await (const message of this.#fetching) {
          this.#room--;
          this.#hand(message, silences);
        }
        failures = 0;
      } catch {
        // Deleted stream or consumer, lost connection: the one is made again, the other comes back.
        if (this.#up && failures > 0) background(this.#ensure());
        await pause(failures++);
      }
    }
  }

  /** @param began the silences that there had been when it was asked for */
  #hand(message: JsMsg, began: number): void {
    const id = `${message.seq}:${message.timestampNanos}`;
    if (this.#arriving.has(id) || this.#events?.holds(id)) {
      if (this.#messages.has(id)) this.#messages.set(id, message);
      message.working();
      return;
    }
    const isLate = !this.#isSure || this.#silences !== began;
    if (message.redelivered && (this.#takeover.isPatient || !this.#isSure)) message.nak(this.leaseMs);
    else if (message.redelivered || isLate) background(this.#receive(message, id, isLate));
    else this.#message(message, id);
  }

  /** One that another instance had, or may have had. @param isLate it was on its way here during a silence */
  async #receive(message: JsMsg, id: string, isLate: boolean): Promise<void> {
    this.#arriving.add(id);
    message.working();
    const silences = this.#silences;
    const isOwn = !isLate || (await this.#isOwn(message));
    let progress: Uint8Array | undefined;
    if (isOwn && message.redelivered) {
      progress = await this.#stream.progress(message.seq).catch(() => undefined);
      await this.#deaths.count([message.seq]);
    }
    this.#arriving.delete(id);
    // Else the server hands it out again, if it has not done so.
    if (isOwn && this.#silences === silences) this.#message(message, id, progress);
  }

  #message(message: JsMsg, id: string, progress?: Uint8Array): void {
    this.#messages.set(id, message);
    if (progress) this.#saved.add(id);
    const deaths = this.#deaths.of(message.seq);
    if (deaths) this.#takeover.took();
    this.#events?.message({ id, body: message.data, at: message.time.getTime(), progress, deaths });
  }

  get #isSure(): boolean {
    return this.#events?.isSure() ?? false;
  }

  /** Of one that was on its way here during a silence: whether no other was handed it since. */
  async #isOwn(message: JsMsg): Promise<boolean> {
    try {
      const where = await this.#stream.whereIs(message.seq, message.time.getTime());
      return where === 'there' && !(await this.#deaths.hasOther(message.seq));
    } catch {
      return false;
    }
  }

  /** @param isUnsure the server may have lost it, and not another instance finished it */
  async #isLost(id: string, isUnsure: boolean): Promise<boolean> {
    const message = this.#messages.get(id);
    if (!message || this.#forgotten.has(id)) return false;
    const [where, hasOther] = await Promise.all([
      this.#stream.whereIs(message.seq, message.time.getTime()),
      this.#deaths.hasOther(message.seq),
    ]);
    if (where === 'there') return hasOther;
    if (where === 'gone' && !isUnsure) return true;
    this.#forgotten.add(id);
    return false;
  }

  #seqsOf(ids: readonly string[]): number[] {
    return ids.flatMap((id) => this.#messages.get(id)?.seq ?? []);
  }

  async #hasRoom(): Promise<void> {
    while (this.#room < 1 && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
    this.#roomMade = undefined;
  }
}
