/**
 * The queue on a message broker: accepted pushes outlive the machine, and instances share the work. The price is a round trip to
 * the broker before a request is answered, and that pushes of a lost instance wait until the broker hands them to another.
 *
 * `append` publishes, one message for each notification, and resolves when the broker has confirmed; this instance or another is
 * handed the messages back, puts them on its lanes and finishes them when they are settled. Nothing is delivered that the broker
 * has not confirmed.
 *
 * - `connecting`: since the start. Requests wait for the first connection, a second at most. → up; → down.
 * - `up`: messages are published, and come in as far as this instance has room. → down when the connection is lost; → closing.
 * - `down`: the broker tries to get its connection back. Requests are refused at once; what this instance holds goes on, and
 *   is finished once the connection is back. → up; → closed.
 * - `closing`: what is held is handed back with its progress, so that other instances need not wait for it; what comes in, too.
 *   → closed.
 * - `closed`: requests are refused. For good.
 */
import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { onceATurn } from '../../kit/once-a-turn.ts';
import { within } from '../../kit/within.ts';
import type { LaneId } from '../../push/lane-id.ts';
import { ASIDE_FROM, HELD_FROM } from '../file/deaths.ts';
import type { AsideReason } from '../file/set-aside.ts';
import { LaneStore } from '../lane-store.ts';
import type { Batch, Queue, QueueDepth, QueueEntry, QueueHealth, Restore } from '../queue.ts';
import { QueueRefusedError } from '../queue-refused-error.ts';
import { headroom, QueueRoom } from '../queue-room.ts';
import { AsideMessages } from './aside-messages.ts';
import { BacklogEstimate } from './backlog-estimate.ts';
import { BacklogPoll } from './backlog-poll.ts';
import { BacklogShares } from './backlog-shares.ts';
import type { Broker, BrokerMessage } from './broker.ts';
import { messagesOf } from './broker-message.ts';
import { FinishedMessages } from './finished-messages.ts';
import { type Held, HeldMessages, settleIn } from './held-messages.ts';
import { HeldProgress } from './held-progress.ts';
import { MessageRoom } from './message-room.ts';
import { Prefetch } from './prefetch.ts';
import { giveUpMessage, type RestoredMessage, restoreMessage } from './restore-message.ts';
import { BUSY_PAUSE_MS, REST_PAUSE_MS, SuspectMessages } from './suspect-messages.ts';

export interface BrokerQueueOptions {
  /** Notifications that may be unsettled at a time at all instances (`core.queue_num`); each part of a large one counts. */
  readonly limit: number;
  /** Bytes of the heap for what this instance holds, and half as many for what is on its way to the broker; default: any number. */
  readonly maxCost?: number | undefined;
  /** How many apps there are, which share the queue; default: one. */
  readonly apps?: (() => number) | undefined;
  readonly wake: (lane: LaneId) => void;
  /** Called from the first turn of the event loop on. */
  readonly restore: Restore;
  /** Things that an operator should know; `error` ones need a person. */
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Milliseconds until the broker has to have confirmed a request; then the caller is asked to come again. */
const PUBLISH_MS = 1000;
/** How often progress is kept: a crash resends at most as much (where the broker can keep it). */
const TICK_MS = 500;
const CLOSE_MS = 3000;
/** Until a message for which there was no room here may come again, milliseconds. */
const NO_ROOM_MS = 1000;
/** Messages that go back for want of room between two ticks, at most: then nothing more is asked for. */
const MOST_RETURNED = 256;
/** While a broker is away it is said once a minute. */
const AGAIN_MS = 60_000;

type State =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up'; touchedAt: number }
  /** `saidAt`: monotonic milliseconds. */
  | { readonly kind: 'down'; readonly why: string; readonly since: number; readonly saidAt: number }
  | { readonly kind: 'closing' }
  | { readonly kind: 'closed' };

export class BrokerQueue implements Queue {
  readonly #broker: Broker;
  readonly #options: BrokerQueueOptions;
  readonly #now: () => number;
  readonly #store: LaneStore;
  readonly #held = new HeldMessages();
  readonly #progress: HeldProgress;
  readonly #finished: FinishedMessages;
  readonly #suspects: SuspectMessages;
  readonly #aside: AsideMessages;
  readonly #estimate = new BacklogEstimate();
  readonly #poll: BacklogPoll;
  readonly #prefetch: Prefetch;
  readonly #refill = onceATurn(() => this.#want());
  /** Settled with the first connection. */
  readonly #firstUp = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;
  #state: State = { kind: 'connecting' };
  readonly #shares: BacklogShares;
  readonly #room: MessageRoom;
  /** Requests that the broker has not confirmed yet, in bytes. */
  readonly #leaving: QueueRoom;
  /** Messages that the broker has not confirmed yet. */
  #publishing = 0;
  /** Messages that went back since the last tick. */
  #returned = 0;
  /** It was said what waited at the broker before. */
  #isFound = false;

  constructor(broker: Broker, options: BrokerQueueOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const { limit, maxCost, apps } = options;
    this.#store = new LaneStore(options);
    this.#shares = new BacklogShares(limit, apps);
    this.#room = new MessageRoom({ limit, maxCost, apps });
    this.#leaving = new QueueRoom({ limit: Number.POSITIVE_INFINITY, maxCost: maxCost && maxCost / 2, apps });
    this.#prefetch = new Prefetch(this.#store, options.limit, this.#now);
    this.#progress = new HeldProgress(broker, this.#held);
    this.#poll = new BacklogPoll(broker, this.#estimate);
    this.#finished = new FinishedMessages(
      broker,
      () => this.#isConnected(),
      (count) => this.#estimate.confirmed(count),
    );
    this.#suspects = new SuspectMessages({
      broker,
      begin: (message, key) => this.#begin(message, key),
      write: () => this.#finished.flush(),
      putDown: (keys) => this.#putDown(keys),
    });
    this.#aside = new AsideMessages({ broker, done: (id) => this.#finish(id), tell: options.tell });
    this.#timer = setInterval(() => this.#tick(), Math.min(TICK_MS, broker.touchMs / 2));
    this.#timer.unref();
    // Not before the first turn: restoring needs the lanes, which are opened after their queue.
    setImmediate(() => this.#start());
  }

  async append(entries: readonly QueueEntry[]): Promise<void> {
    this.#refuse(entries);
    const parts = entries.map((entry) => ({ app: entry.app, messages: messagesOf(entry) }));
    const messages = parts.flatMap((part) => part.messages);
    const cost = Math.ceil(messages.reduce((sum, { length }) => sum + length, 0) / entries.length);
    this.#leaving.take(entries, cost);
    this.#publishing += messages.length;
    for (const part of parts) this.#shares.published(part.app, part.messages.length);
    let refused = false;
    try {
      // What has been refused because of its wait for the first connection is not published after it.
      const published = this.#firstUp.promise.then(() => (refused ? undefined : this.#broker.publish(messages)));
      await within(PUBLISH_MS, published);
      this.#estimate.published(messages.length);
    } catch (error) {
      refused = true;
      for (const part of parts) this.#shares.published(part.app, -part.messages.length);
      const why = this.#trouble() ?? toError(error).message;
      throw new QueueRefusedError(`${this.#broker.name} did not take the request: ${why}`, 5, { cause: error });
    } finally {
      this.#publishing -= messages.length;
      for (const { app } of entries) this.#leaving.give(app, cost);
    }
  }

  take(lane: LaneId, limit: number): Batch | undefined {
    for (;;) {
      const batch = this.#store.take(lane, limit);
      if (!batch) return undefined;
      const held = this.#held.of(batch);
      if (held) {
        held.out += batch.targets.length;
        if (this.#suspects.trials.isActive) this.#suspects.trials.taken(batch.entry.key, batch.targets.length);
        this.#prefetch.took(lane);
        this.#refill();
        return batch;
      }
      // It was handed back to the broker while it waited here.
      this.#store.settle(batch, batch.targets.length);
    }
  }

  settle(batch: Batch, indexes: readonly number[]): void {
    this.#store.settle(batch, indexes.length);
    const held = this.#held.of(batch);
    if (this.#suspects.trials.isActive) this.#suspects.trials.returned(batch.entry.key, indexes.length);
    if (!held || !settleIn(held, batch, indexes)) return;
    this.#drop(held);
    this.#shares.settled(held.entry.app);
    this.#finish(held.id);
  }

  defer(batch: Batch, at: number): void {
    const held = this.#held.of(batch);
    if (!held) {
      this.#store.settle(batch, batch.targets.length);
      return;
    }
    held.out -= batch.targets.length;
    if (this.#suspects.trials.isActive) this.#suspects.trials.returned(batch.entry.key, batch.targets.length);
    this.#store.defer(batch, at);
  }

  /** Without a lane, the notifications are those of all instances, when the broker tells. */
  depth(lane?: LaneId): QueueDepth {
    const depth = this.#store.depth(lane);
    if (lane !== undefined) return depth;
    return { ...depth, notifications: Math.max(this.#estimate.count ?? 0, depth.notifications) };
  }

  oldestAge(): number {
    const { oldestAt } = this.#estimate;
    const elsewhere = oldestAt && this.#estimate.count !== 0 ? Date.now() - oldestAt : 0;
    return Math.max(0, elsewhere, this.#store.oldestAge());
  }

  health(): QueueHealth {
    const why = this.#trouble() ?? this.#poll.silent;
    if (why !== undefined) return { status: 'fail', output: `${this.#broker.name}: ${why}` };
    return headroom(this.#size(), this.#options.limit);
  }

  /** Keeps progress and hands everything back, so that other instances need not wait for it. */
  async close(): Promise<void> {
    if (this.#isClosed()) return;
    const wasUp = this.#state.kind === 'up';
    this.#setState({ kind: wasUp ? 'closing' : 'closed' });
    clearInterval(this.#timer);
    this.#store.close();
    this.#suspects.trials.close();
    this.#firstUp.promise.catch(() => {});
    this.#firstUp.reject(new Error('the queue is closed'));
    if (wasUp) {
      await within(CLOSE_MS, this.#handAllBack()).catch((error) => {
        this.#options.tell('warn', `${this.#broker.name}: could not hand back what is under way: ${error.message}`);
      });
    }
    this.#setState({ kind: 'closed' });
    await this.#broker.close();
  }

  #setState(state: State): void {
    this.#state = state;
  }

  #isClosed(): boolean {
    return this.#state.kind === 'closing' || this.#state.kind === 'closed';
  }

  #isConnected(): boolean {
    return this.#state.kind === 'up' || this.#state.kind === 'closing';
  }

  /** Why nothing can be published; undefined: it can, as far as is known. */
  #trouble(): string | undefined {
    const state = this.#state;
    if (state.kind === 'connecting') return 'not connected yet';
    if (state.kind === 'closed') return 'the queue is closed';
    return state.kind === 'down' ? state.why : undefined;
  }

  #start(): void {
    if (this.#isClosed()) return;
    this.#broker.start({
      message: (message) => this.#message(message),
      holds: (id) => this.#holds(id),
      up: () => this.#connected(),
      down: (why) => this.#lost(why),
      tell: (level, message) => this.#options.tell(level, `${this.#broker.name}: ${message}`),
    });
  }

  #connected(): void {
    if (this.#isClosed()) return;
    const { name } = this.#broker;
    if (this.#state.kind === 'down') {
      const seconds = Math.round((this.#now() - this.#state.since) / 1000);
      this.#options.tell('warn', `${name}: connected again after ${seconds} s`);
    }
    this.#setState({ kind: 'up', touchedAt: Number.NEGATIVE_INFINITY });
    this.#suspects.trials.open();
    this.#poll.renew();
    // Before anything is appended it is known how full the queue is.
    background(
      this.#ask().then(() => {
        this.#sayWhatWasFound();
        this.#firstUp.resolve();
      }),
    );
    this.#tick();
  }

  #lost(why: string): void {
    if (this.#isClosed()) {
      this.#setState({ kind: 'closed' });
      return;
    }
    const now = this.#now();
    const { since, saidAt } =
      this.#state.kind === 'down' ? this.#state : { since: now, saidAt: Number.NEGATIVE_INFINITY };
    const isSaid = now - saidAt < AGAIN_MS;
    this.#setState({ kind: 'down', why, since, saidAt: isSaid ? saidAt : now });
    if (isSaid) return;
    const { waiting, deferred } = this.#store.depth();
    this.#options.tell(
      'error',
      `${this.#broker.name}: ${why}; pushes are refused until it is back, ${waiting + deferred} that were taken wait here`,
    );
  }

  /** With the first connection, when the broker tells. */
  #sayWhatWasFound(): void {
    const { count } = this.#estimate;
    if (this.#isFound || count === undefined) return;
    this.#isFound = true;
    if (count > 0)
      this.#options.tell('info', `${this.#broker.name}: ${count} notifications wait there, for all instances`);
  }

  /** @throws QueueRefusedError */
  #refuse(entries: readonly QueueEntry[]): void {
    if (this.#isClosed()) throw new QueueRefusedError('the queue is closed');
    if (this.#state.kind === 'down') throw new QueueRefusedError(`${this.#broker.name}: ${this.#state.why}`, 5);
    this.#shares.refuseUnlessFits(entries, this.#size());
  }

  #size(): number {
    return Math.max(this.#estimate.count ?? 0, this.#held.size + this.#suspects.size) + this.#publishing;
  }

  #message(message: BrokerMessage): void {
    if (this.#isClosed()) {
      this.#return(message).catch(() => {});
      return;
    }
    if (this.#holds(message.id)) return;
    if (this.#finished.again(message.id)) return;
    const key = this.#held.newKey();
    if ((message.deaths ?? 0) < HELD_FROM) this.#restore(message, key);
    else if (this.#suspects.hasRoomFor(message)) this.#suspects.add(message, key);
    else background(this.#return(message, BUSY_PAUSE_MS), () => {});
  }

  #holds(id: string): boolean {
    return this.#held.has(id) || this.#suspects.has(id) || this.#aside.has(id);
  }

  /** The turn of one that instances died with. */
  #begin(message: BrokerMessage, key: number): void {
    if ((message.deaths ?? 0) < ASIDE_FROM) {
      this.#restore(message, key);
      return;
    }
    giveUpMessage(message, this.#options.restore);
    this.#setAside(message, key, 'SetAside');
  }

  #restore(message: BrokerMessage, key: number): void {
    const restored = restoreMessage(message, this.#options.restore);
    if (restored === 'unreadable') this.#setAside(message, key, 'Unreadable');
    else if (restored) this.#hold(message, key, restored);
    else {
      this.#finish(message.id);
      this.#suspects.gone(key);
    }
  }

  /** They go back until their lanes move. */
  #putDown(keys: readonly number[]): void {
    for (const key of keys) {
      const held = this.#held.withKey(key);
      if (!held || held.out > 0) continue;
      this.#drop(held);
      this.#shares.handedBack(held.entry.app);
      background(this.#progress.handBack(held, REST_PAUSE_MS), () => {});
    }
  }

  #setAside(message: BrokerMessage, key: number, reason: AsideReason): void {
    background(this.#aside.add(message, reason));
    this.#suspects.gone(key);
  }

  /** As it came. */
  #return(message: BrokerMessage, pauseMs?: number): Promise<void> {
    return this.#broker.handBack(message.id, () => Buffer.from(message.body), pauseMs);
  }

  #hold(message: BrokerMessage, key: number, { entry, isDone, cost }: RestoredMessage): void {
    this.#refill();
    if (!this.#room.take(entry.app, cost)) {
      this.#returned++;
      this.#suspects.gone(key);
      // Others may have room for it, or this instance later. Were it to fail, the broker takes the message back in the end.
      background(this.#return(message, NO_ROOM_MS), () => {});
      return;
    }
    entry.key = key;
    entry.cost = cost;
    this.#shares.handed(entry.app);
    this.#held.add(message.id, entry, isDone, this.#now());
    this.#store.add(entry, isDone);
  }

  #drop(held: Held): void {
    this.#held.drop(held);
    this.#suspects.gone(held.entry.key);
    this.#room.give(held.entry.app, held.entry.cost);
    this.#refill();
  }

  #finish(id: string): void {
    this.#estimate.settled();
    this.#finished.add(id);
  }

  /** Says how many messages this instance takes on. */
  #want(): void {
    if (this.#state.kind !== 'up') return;
    const most = Math.min(
      this.#prefetch.room(this.#held.size + this.#suspects.size),
      this.#room.left,
      MOST_RETURNED - this.#returned,
    );
    this.#broker.want(Math.max(0, most));
  }

  #tick(): void {
    const state = this.#state;
    // Says so again when it is time.
    if (state.kind === 'down') this.#lost(state.why);
    if (state.kind !== 'up') return;
    this.#returned = 0;
    this.#refill();
    background(this.#finished.flush());
    background(this.#aside.flush());
    this.#progress.save();
    const now = this.#now();
    if (now - state.touchedAt >= this.#broker.touchMs) {
      state.touchedAt = now;
      const waiting = this.#suspects.waiting().map(({ id }) => id);
      const ids = [...this.#held.ids(), ...waiting, ...this.#aside.ids()];
      if (ids.length > 0) this.#broker.touch(ids);
    }
    if (this.#poll.isDue(now)) background(this.#ask());
    this.#handOldBack(now);
  }

  async #ask(): Promise<void> {
    await this.#poll.ask(this.#now());
    this.#shares.correct(this.#size());
  }

  /** What the broker would take back anyway is given back in time, unless a part of it is being sent. */
  #handOldBack(now: number): void {
    const { longestMs } = this.#broker;
    if (longestMs === undefined) return;
    for (const held of this.#held.all()) {
      if (held.out > 0 || now - held.since < longestMs) continue;
      this.#drop(held);
      this.#shares.handedBack(held.entry.app);
      this.#progress.handBack(held).catch(() => {});
    }
  }

  async #handAllBack(): Promise<void> {
    await this.#broker.stop();
    await this.#aside.flush();
    await this.#finished.flush();
    await Promise.allSettled(this.#suspects.waiting().map((message) => this.#return(message)));
    await this.#progress.handAllBack();
  }
}
