/**
 * The connections to streams that are open here: how many there may be, which is the oldest that makes room, which are due for a sign
 * of life, which take nothing any more, whose token has ended; and their end when the process ends.
 *
 * A stream is entered → placed (its position is fixed) → begun (its head is written) → over. It may be over from the first on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { background } from '../../../kit/background.ts';
import { takeStreamPlace } from '../../../kit/http/stream-place.ts';
import type { Presence, PresenceRegistration } from '../../../streams/presence/presence.ts';
import type { Streams } from '../../../streams/streams.ts';
import { HubRefusal } from '../hub-refusal.ts';
import type { HubRequest } from '../hub-route.ts';
import type { LiveConnection, LiveEnd } from './live-connection.ts';
import { OpenStream, type StreamListener, type StreamOrder } from './open-stream.ts';
import { StreamGroups } from './stream-groups.ts';
import { StreamShares, type StreamSharesOptions } from './stream-shares.ts';
import type { StreamsWatch } from './streams-watch.ts';

export interface OpenStreamsOptions extends StreamSharesOptions {
  readonly streams: Streams;
  readonly presence: Presence;
  /** Name of this instance in presence. */
  readonly instance: string;
  readonly heartbeatMs: number;
  readonly watch?: StreamsWatch | undefined;
  /** A stream has ended, and this process has not. */
  readonly left?: ((order: StreamOrder) => void) | undefined;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
  /** UNIX milliseconds, and monotonic milliseconds. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

const SWEEP_MS = 1000;
/** A client that takes nothing for so long of what waits for it has gone, or is too slow. */
const SLOW_MS = 10_000;
const PER_CLIENT = 5;
const AGAIN_S = 5;
/** How long clients that are sent away wait, at most: all at once would come back all at once. */
const MOST_RETRY_MS = 30_000;
const DRAIN_MS = 5000;
const ENDED_AT_ONCE = 500;
const MOST_STRANGERS = 1000;

/** A request for a stream. */
type Asking = Pick<HubRequest, 'req' | 'app'>;

const full = (why: string): HubRefusal => new HubRefusal('unavailable', why, { retryAfter: AGAIN_S });

export class OpenStreams {
  readonly #options: OpenStreamsOptions;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #random: () => number;
  readonly #open = new Set<OpenStream>();
  readonly #byConnection = new WeakMap<LiveConnection, OpenStream>();
  readonly #shares: StreamShares;
  readonly #byUser: StreamGroups;
  readonly #byClient = new StreamGroups(PER_CLIENT);
  readonly #listener: StreamListener;
  readonly #sweeping: NodeJS.Timeout;
  readonly #strangers = new Set<LiveConnection>();
  #isDraining = false;

  constructor(options: OpenStreamsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#shares = new StreamShares(options);
    this.#byUser = new StreamGroups(this.#shares.perUser);
    this.#listener = {
      ended: (open, why) => this.#end(open, why === 'gone' ? 'gone' : 'drain'),
      watch: options.watch,
    };
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes the place of a stream for a poll. @param key `personKey` @returns what gives it back. @throws HubRefusal */
  occupy(asked: Asking, key: string): () => void {
    this.admit(asked);
    const leave = this.#counting(() => this.#shares.poll(asked.app, key));
    this.#options.watch?.opened('poll');
    return () => {
      leave();
      this.#options.watch?.closed('poll', 'client');
    };
  }

  /** Takes the connection of a request for a stream. @throws HubRefusal when no further one is opened */
  admit({ req, app }: Asking): void {
    this.#mustHaveRoom(app);
    if (!takeStreamPlace(req)) throw this.#full('there are as many streams as this process has connections for');
  }

  /** @throws HubRefusal when no one is let in who says later who that is: they have little room of their own. */
  admitStranger(): void {
    this.#mustHaveRoom(undefined);
    if (this.#strangers.size >= MOST_STRANGERS) throw this.#full('too many have not said who they are');
  }

  /** A client that was admitted and has not said who it is. @returns what is called when it has, or has gone */
  greet(connection: LiveConnection): () => void {
    this.#strangers.add(connection);
    return () => {
      this.#strangers.delete(connection);
    };
  }

  /** Opens a stream on a connection. Rejects, with the connection untouched, when there is no room or the store cannot be asked. */
  async join(connection: LiveConnection, order: StreamOrder): Promise<void> {
    this.#mustHaveRoom(order.app);
    const open = new OpenStream(connection, order, this.#listener);
    this.#open.add(open);
    this.#shares.take(order.app);
    this.#byConnection.set(connection, open);
    try {
      open.reader = await this.#options.streams.subscribe(order.key, order.after, open);
    } catch (error) {
      this.#open.delete(open);
      this.#shares.give(order.app);
      throw error;
    }
    this.#options.watch?.opened(connection.kind);
    connection.onClose(() => this.#over(open));
    await this.#register(open);
    if (!this.#open.has(open)) return;
    this.#makeRoom(open);
    open.beatAt = this.#nextBeat();
    connection.begin(open.reader.position, () => open.reader?.resume());
    open.reader.resume();
  }

  /** What a client says of itself on its own connection. */
  presence(connection: LiveConnection, state: 'active' | 'idle'): void {
    this.#of(connection)?.registration?.state(state);
  }

  /** The right to a stream lasts until another time. @param endsAt UNIX milliseconds; undefined: without end */
  extend(connection: LiveConnection, endsAt: number | undefined): void {
    const open = this.#of(connection);
    if (open) open.endsAt = endsAt;
  }

  /** Sends all of them away, for the end of the process: no new ones are opened. Resolves when they are gone, after 5 s at the latest. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const last = this.#monotonic() + DRAIN_MS;
    const all = [...this.#open];
    for (const stranger of this.#strangers) stranger.end('drain', this.#pause());
    for (let at = 0; at < all.length; at += ENDED_AT_ONCE) {
      for (const open of all.slice(at, at + ENDED_AT_ONCE)) this.#end(open, 'drain');
      await new Promise(setImmediate);
    }
    while (this.#open.size + this.#strangers.size > 0 && this.#monotonic() < last) await pause(20);
    this.#cutAll();
  }

  close(): void {
    this.#isDraining = true;
    clearInterval(this.#sweeping);
    this.#cutAll();
  }

  #cutAll(): void {
    for (const { connection } of this.#open) connection.cut();
    for (const stranger of this.#strangers) stranger.cut();
  }

  #pause(): number {
    return Math.round(this.#random() * MOST_RETRY_MS);
  }

  #mustHaveRoom(app: string | undefined): void {
    if (this.#isDraining) throw full('this instance is about to end');
    this.#counting(() => this.#shares.admit(app));
  }

  /** Counts a refusal for want of room. */
  #counting<T>(take: () => T): T {
    try {
      return take();
    } catch (error) {
      this.#options.watch?.refused();
      throw error;
    }
  }

  #full(why: string): HubRefusal {
    this.#options.watch?.refused();
    return full(why);
  }

  #of(connection: LiveConnection): OpenStream | undefined {
    const open = this.#byConnection.get(connection);
    return open && this.#open.has(open) ? open : undefined;
  }

  async #register(open: OpenStream): Promise<void> {
    const { presence, instance, tell } = this.#options;
    try {
      const registration = await presence.register(open.order.key, { instance });
      if (this.#open.has(open)) open.registration = registration;
      else await registration.leave();
    } catch (error) {
      // The stream is worth more than being seen.
      tell('warn', `presence cannot be noted: ${(error as Error).message}`);
    }
  }

  /** The oldest ones of the same person and client end. */
  #makeRoom(open: OpenStream): void {
    const { key, client } = open.order;
    for (const oldest of this.#byUser.enter(key, open)) this.#end(oldest, 'replaced');
    if (client === undefined) return;
    for (const oldest of this.#byClient.enter(`${client}\n${key}`, open)) this.#end(oldest, 'replaced');
  }

  #end(open: OpenStream, why: Exclude<LiveEnd, 'client'>): void {
    if (open.why !== undefined) return;
    open.why = why;
    open.reader?.close();
    open.cutAt = this.#monotonic() + SLOW_MS;
    open.connection.end(why, why === 'drain' ? this.#pause() : undefined);
  }

  #over(open: OpenStream): void {
    if (!this.#open.delete(open)) return;
    const { connection, order, reader, registration } = open;
    reader?.close();
    this.#shares.give(order.app);
    this.#byUser.leave(order.key, open);
    if (order.client !== undefined) this.#byClient.leave(`${order.client}\n${order.key}`, open);
    background(this.#leave(open, registration));
    this.#options.watch?.closed(connection.kind, open.why ?? connection.endedBy ?? 'client');
  }

  async #leave({ order, why }: OpenStream, registration: PresenceRegistration | undefined): Promise<void> {
    await registration?.leave();
    if (why !== 'drain') this.#options.left?.(order);
  }

  #nextBeat(): number {
    return this.#monotonic() + this.#options.heartbeatMs * (0.8 + 0.4 * this.#random());
  }

  #sweep(): void {
    const [now, at] = [this.#now(), this.#monotonic()];
    for (const open of this.#open) {
      const { connection, endsAt, reader } = open;
      const { blockedAt } = connection;
      if (open.why !== undefined) {
        if (open.cutAt <= at) connection.cut();
      } else if (!reader) continue;
      else if (endsAt !== undefined && endsAt <= now) this.#end(open, 'expired');
      else if (connection.isOverfull || (blockedAt !== undefined && reader.isStalled && at - blockedAt >= SLOW_MS))
        this.#end(open, 'slow');
      else if (open.beatAt > 0 && open.beatAt <= at) {
        connection.beat();
        open.beatAt = this.#nextBeat();
      }
    }
  }
}
