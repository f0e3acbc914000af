import { background } from '../../kit/background.ts';
import type { LaneId } from '../../push/lane-id.ts';
import { ASIDE_FROM, HELD_FROM } from '../file/deaths.ts';
import type { AsideReason } from '../file/set-aside.ts';
import { LaneStore } from '../lane-store.ts';
import type { Batch, QueueDepth, Restore } from '../queue.ts';
import type { Withdrawal } from '../withdrawal.ts';
import { AsideMessages } from './aside-messages.ts';
import type { BacklogEstimate } from './backlog-estimate.ts';
import type { BacklogShares } from './backlog-shares.ts';
import type { Broker, BrokerMessage } from './broker.ts';
import { FinishedMessages } from './finished-messages.ts';
import { type Held, HeldMessages, settleIn } from './held-messages.ts';
import { HeldProgress } from './held-progress.ts';
import { MessageRoom } from './message-room.ts';
import { Prefetch } from './prefetch.ts';
import { giveUpMessage, type RestoredMessage, restoreMessage } from './restore-message.ts';
import { BUSY_PAUSE_MS, REST_PAUSE_MS, SuspectMessages } from './suspect-messages.ts';

export interface TakenMessagesOptions {
  readonly broker: Broker;
  readonly shares: BacklogShares;
  readonly estimate: BacklogEstimate;
  /** Messages, and bytes of the heap, at most. */
  readonly limit: number;
  readonly maxCost?: number | undefined;
  readonly apps?: (() => number) | undefined;
  readonly wake: (lane: LaneId) => void;
  readonly restore: Restore;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** The broker hears what is said to it. */
  readonly isConnected: () => boolean;
  /** There may be room for more than before. */
  readonly refill: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Until a message for which there was no room here may come again, milliseconds. */
const NO_ROOM_MS = 1000;
/** Messages that go back for want of room between two ticks, at most: then nothing more is asked for. */
const MOST_RETURNED = 256;

/**
 * What the broker has handed to this instance: on its lanes and held until it is settled, held back because instances died with it, or
 * set aside. Each is finished in the end, or handed back with its progress.
 */
export class TakenMessages {
  readonly #options: TakenMessagesOptions;
  readonly #store: LaneStore;
  readonly #held = new HeldMessages();
  readonly #progress: HeldProgress;
  readonly #finished: FinishedMessages;
  readonly #suspects: SuspectMessages;
  readonly #aside: AsideMessages;
  readonly #prefetch: Prefetch;
  readonly #room: MessageRoom;
  /** Messages that went back since the last tick. */
  #returned = 0;

  constructor(options: TakenMessagesOptions) {
    this.#options = options;
    const { broker, estimate, limit, maxCost, apps, tell, isConnected, now } = options;
    this.#store = new LaneStore(options);
    this.#room = new MessageRoom({ limit, maxCost, apps });
    this.#prefetch = new Prefetch(this.#store, limit, now);
    this.#progress = new HeldProgress(broker, this.#held);
    this.#finished = new FinishedMessages(broker, isConnected, (count) => estimate.confirmed(count));
    this.#suspects = new SuspectMessages({
      broker,
      begin: (message, key) => this.#begin(message, key),
      write: () => this.#finished.flush(),
      putDown: (keys) => this.#putDown(keys),
    });
    this.#aside = new AsideMessages({ broker, done: (id) => this.#finish(id), tell });
  }

  /** Messages that are not finished, without those that are set aside. */
  get size(): number {
    return this.#held.size + this.#suspects.size;
  }

  /** How many more it takes on. */
  get room(): number {
    return Math.max(0, Math.min(this.#prefetch.room(this.size), this.#room.left, MOST_RETURNED - this.#returned));
  }

  depth(lane?: LaneId): QueueDepth {
    return this.#store.depth(lane);
  }

  oldestAge(): number {
    return this.#store.oldestAge();
  }

  holds(id: string): boolean {
    return this.#held.has(id) || this.#suspects.has(id) || this.#aside.has(id);
  }

  /** The broker hands one over, perhaps again. */
  add(message: BrokerMessage): void {
    if (this.holds(message.id)) return;
    if (this.#finished.again(message.id)) return;
    const key = this.#held.newKey();
    if ((message.deaths ?? 0) < HELD_FROM) this.#restore(message, key);
    else if (this.#suspects.hasRoomFor(message)) this.#suspects.add(message, key);
    else background(this.giveBack(message, BUSY_PAUSE_MS), () => {});
  }

  /** As it came. */
  giveBack(message: BrokerMessage, pauseMs?: number): Promise<void> {
    return this.#options.broker.handBack(message.id, () => Buffer.from(message.body), pauseMs);
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
        this.#options.refill();
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
    this.#options.shares.settled(held.entry.app);
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

  /** Gives out what waits here and is of these targets, as `take` would. */
  withdraw(withdrawal: Withdrawal): Batch[] {
    return this.#store.withdraw(withdrawal).filter((batch) => {
      const held = this.#held.of(batch);
      if (!held) {
        this.#store.settle(batch, batch.targets.length);
        return false;
      }
      held.out += batch.targets.length;
      if (this.#suspects.trials.isActive) this.#suspects.trials.taken(batch.entry.key, batch.targets.length);
      return true;
    });
  }

  /** There is a connection: what is held back has its turn. */
  open(): void {
    this.#suspects.trials.open();
  }

  /** What is settled, and how far the rest is, reaches the broker. */
  tick(): void {
    this.#returned = 0;
    background(this.#finished.flush());
    background(this.#aside.flush());
    this.#progress.save();
  }

  /** Tells the broker what is here still. Resolves when it has heard it. */
  touch(): Promise<void> {
    return this.#options.broker.touch([...this.#ids(), ...this.#aside.ids()]);
  }

  /**
   * Lets go of what others have, or have finished, after this instance was silent.
   * @param isNew whether what was handed over at that time (monotonic milliseconds) was so after the broker had last heard of it
   * @returns how many messages
   */
  async letGo(isNew: (since: number) => boolean): Promise<number> {
    const { broker, shares } = this.#options;
    const ids = this.#ids();
    if (!broker.lost) return 0;
    const lost = await broker.lost(ids, (id) => isNew(this.#held.withId(id)?.since ?? Number.POSITIVE_INFINITY));
    for (const id of lost) {
      const held = this.#held.withId(id);
      this.#suspects.letGo(id);
      if (!held) continue;
      this.#drop(held);
      shares.handedBack(held.entry.app);
    }
    return lost.size;
  }

  /** Wakes all lanes that have something to take. */
  wakeAll(): void {
    this.#store.wakeAll();
  }

  /** Of what is not finished and not set aside. */
  #ids(): string[] {
    return [...this.#held.ids(), ...this.#suspects.waiting().map(({ id }) => id)];
  }

  /** What the broker would take back anyway is given back in time, unless a part of it is being sent. */
  handOldBack(now: number): void {
    const { longestMs } = this.#options.broker;
    if (longestMs === undefined) return;
    for (const held of this.#held.all()) {
      if (held.out > 0 || now - held.since < longestMs) continue;
      this.#drop(held);
      this.#options.shares.handedBack(held.entry.app);
      this.#progress.handBack(held).catch(() => {});
    }
  }

  /** Nothing goes out any more. */
  close(): void {
    this.#store.close();
    this.#suspects.trials.close();
  }

  /** Keeps progress and hands everything back. */
  async handAllBack(): Promise<void> {
    await this.#options.broker.stop();
    await this.#aside.flush();
    await this.#finished.flush();
    await Promise.allSettled(this.#suspects.waiting().map((message) => this.giveBack(message)));
    await this.#progress.handAllBack();
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
      this.#options.shares.handedBack(held.entry.app);
      background(this.#progress.handBack(held, REST_PAUSE_MS), () => {});
    }
  }

  #setAside(message: BrokerMessage, key: number, reason: AsideReason): void {
    background(this.#aside.add(message, reason));
    this.#suspects.gone(key);
  }

  #hold(message: BrokerMessage, key: number, { entry, isDone, cost }: RestoredMessage): void {
    const { refill, shares, now } = this.#options;
    refill();
    if (!this.#room.take(entry.app, cost)) {
      this.#returned++;
      this.#suspects.gone(key);
      // Others may have room for it, or this instance later. Were it to fail, the broker takes the message back in the end.
      background(this.giveBack(message, NO_ROOM_MS), () => {});
      return;
    }
    entry.key = key;
    entry.cost = cost;
    shares.handed(entry.app);
    this.#held.add(message.id, entry, isDone, now());
    this.#store.add(entry, isDone);
  }

  #drop(held: Held): void {
    this.#held.drop(held);
    this.#suspects.gone(held.entry.key);
    this.#room.give(held.entry.app, held.entry.cost);
    this.#options.refill();
  }

  #finish(id: string): void {
    this.#options.estimate.settled();
    this.#finished.add(id);
  }
}
