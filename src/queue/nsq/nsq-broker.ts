import { background } from '../../kit/background.ts';
import { addresses } from '../../kit/net/addresses.ts';
import { toMs } from '../../kit/seconds.ts';
import type { AsideMessage, Backlog, Broker, BrokerEvents } from '../broker/broker.ts';
import { HELD_FROM } from '../file/deaths.ts';
import { carrying, deathsIn, isUncounted } from './carried-deaths.ts';
import type { NsqConnection } from './nsq-connection.ts';
import type { NsqMessage } from './nsq-frames.ts';
import { NsqLink } from './nsq-link.ts';
import { nsqBacklog } from './nsq-stats.ts';

export interface NsqQueueSettings {
  /** `host:port` of nsqd; several, separated by commas, share the messages. */
  readonly addr: string;
  readonly topic: string;
  readonly channel: string;
  /** Where nsqd tells its depth over HTTP, one for each `addr`; empty: the same hosts, port 4151. */
  readonly http_addr: string;
  /** Seconds after which the messages of an instance that went silent go to others. */
  readonly claim_after: number;
}

/** Gives a message back before nsqd takes it back: its longest time, less this part of it. */
const MARGIN = 0.2;
/** nsqd's default for what one connection may have under way, until it has told. */
const MOST_READY = 2500;

/** A topic with a channel: messages are finished when they are settled, and touched until then. */
export class NsqBroker implements Broker {
  readonly name: string;
  readonly touchMs: number;
  readonly #settings: NsqQueueSettings;
  readonly #producers: NsqLink[] = [];
  readonly #consumers: NsqLink[] = [];
  /** Who handed out a message last. */
  readonly #holders = new Map<string, NsqLink>();
  #sawHarmless = false;
  /** Of messages that instances died with. */
  readonly #deaths = new Map<string, number>();
  #events: BrokerEvents | undefined;
  #room = 0;
  #next = 0;
  #up = false;
  #closed = false;
  #longestMs: number | undefined;
  #blind = false;

  constructor(settings: NsqQueueSettings) {
    this.#settings = settings;
    this.name = `queue.nsq (${settings.addr})`;
    this.touchMs = toMs(settings.claim_after) / 3;
  }

  get longestMs(): number | undefined {
    return this.#longestMs;
  }

  start(events: BrokerEvents): void {
    this.#events = events;
    const { addr, topic, channel, claim_after } = this.#settings;
    for (const address of addresses(addr, 4150)) {
      const common = {
        address,
        messageTimeoutMs: toMs(claim_after),
        onUp: () => this.#changed(),
        onDown: (_: NsqLink, why: string) => this.#changed(why),
      };
      this.#producers.push(new NsqLink({ ...common, onMessage: () => {}, prepare: async () => {} }));
      this.#consumers.push(
        new NsqLink({
          ...common,
          onMessage: (message, link) => {
            this.#holders.set(message.id, link);
            this.#room--;
            this.#take(message);
          },
          prepare: (connection) => connection.subscribe(topic, channel),
        }),
      );
    }
  }

  async publish(bodies: readonly Uint8Array[]): Promise<void> {
    await this.#producer().publish(this.#settings.topic, bodies);
  }

  want(count: number): void {
    this.#room = count;
    const up = this.#consumers.filter((link) => link.connection);
    const share = Math.ceil(count / up.length);
    for (const link of up) {
      const most = link.limits?.max_rdy_count ?? MOST_READY;
      const ready = this.#isCareful ? 1 : link.inFlight.size + share;
      link.connection?.ready(Math.min(most, count === 0 ? 0 : ready));
    }
  }

  async stop(): Promise<void> {
    this.want(0);
    // RDY has no answer, and what is handed back could come to this consumer once more: nsqd would keep it for one that is gone.
    await Promise.allSettled(this.#consumers.map((link) => link.connection?.unsubscribe()));
  }

  async finish(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      // Taken back by nsqd while the connection was lost: it comes again, and is finished then.
      this.#holderOf(id)?.connection?.finish(id);
      this.#forget(id);
    }
  }

  async touch(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#holderOf(id)?.connection?.touch(id);
  }

  /**
   * NSQ keeps nothing beside a message, so its progress goes into a new one; and it counts each attempt, so that what is handed back in
   * order is a new one, too.
   */
  async handBack(id: string, rest: () => Uint8Array, pauseMs?: number): Promise<void> {
    const holder = this.#holderOf(id);
    // Without one nsqd has it back already.
    if (!holder) return;
    const { topic } = this.#settings;
    const copy = carrying(rest(), this.#deaths.get(id) ?? 0);
    if (pauseMs) await this.#producer().publishLater(topic, copy, pauseMs);
    else await this.#producer().publish(topic, [copy]);
    holder.connection?.finish(id);
    this.#forget(id);
  }

  async setAside({ body }: AsideMessage): Promise<void> {
    await this.#producer().publish(`${this.#settings.topic}.aside`, [body]);
  }

  async backlog(): Promise<Backlog | undefined> {
    try {
      const messages = await nsqBacklog(this.#settings);
      this.#blind = false;
      return { messages };
    } catch (error) {
      if (!this.#blind) {
        const what = `cannot ask nsqd for its depth (queue.nsq.http_addr): ${(error as Error).message}`;
        this.#events?.tell('warn', `${what}; core.queue_num limits only what this process holds`);
      }
      this.#blind = true;
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#producers, ...this.#consumers].map((link) => link.close()));
  }

  /** @throws when there is none */
  #producer(): NsqConnection {
    const up = this.#producers.flatMap(({ connection }) => connection ?? []);
    const connection = up[this.#next++ % up.length];
    if (!connection) throw new Error('not connected');
    return connection;
  }

  /** The link whose present connection has the message. */
  #holderOf(id: string): NsqLink | undefined {
    const link = this.#holders.get(id);
    return link?.inFlight.has(id) ? link : undefined;
  }

  /**
   * What nsqd has sent counts as an attempt when this instance dies, looked at or not: so one at a time is asked for until one has come that
   * no instance died with, and while one is here that some did.
   */
  get #isCareful(): boolean {
    return !this.#sawHarmless || this.#deaths.size > 0;
  }

  #take(message: NsqMessage): void {
    const deaths = deathsIn(message);
    if (deaths >= HELD_FROM) this.#deaths.set(message.id, deaths);
    else this.#sawHarmless = true;
    const isUncountedYet = isUncounted(message);
    // It comes again.
    if (isUncountedYet) this.#room++;
    if (this.#isCareful) this.want(this.#room);
    // Were it to fail, nsqd takes the message back in the end.
    if (isUncountedYet)
      background(
        this.handBack(message.id, () => message.body),
        () => {},
      );
    else this.#events?.message({ ...message, deaths });
  }

  #forget(id: string): void {
    this.#deaths.delete(id);
    this.#holders.get(id)?.inFlight.delete(id);
    this.#holders.delete(id);
  }

  /** Up as long as something can be published and something comes in. */
  #changed(why?: string): void {
    if (this.#closed) return;
    const up = [this.#producers, this.#consumers].every((links) => links.some((link) => link.connection));
    if (up) {
      const longest = this.#consumers.map((link) => link.limits?.max_msg_timeout ?? Number.POSITIVE_INFINITY);
      this.#longestMs = Math.min(...longest) * (1 - MARGIN);
      this.want(this.#room);
      if (!this.#up) this.#events?.up();
    } else if (why !== undefined) this.#events?.down(why);
    this.#up = up;
  }
}
