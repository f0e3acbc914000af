/**
 * The queue on a message broker: accepted pushes outlive the machine, and instances share the work. The price is a round trip to
 * the broker before a request is answered, and that pushes of a lost instance wait until the broker hands them to another.
 *
 * `append` publishes, one message for each notification, and resolves when the broker has confirmed; this instance or another is
 * handed the messages back, puts them on its lanes and finishes them when they are settled. Nothing is delivered that the broker
 * has not confirmed.
 */
import { background } from '../../kit/background.ts';
import { onceATurn } from '../../kit/once-a-turn.ts';
import { within } from '../../kit/within.ts';
import type { LaneId } from '../../push/lane-id.ts';
import type { Batch, Queue, QueueDepth, QueueEntry, QueueHealth, Restore, WithdrawingQueue } from '../queue.ts';
import { headroom } from '../queue-room.ts';
import type { Withdrawal } from '../withdrawal.ts';
import { BacklogEstimate } from './backlog-estimate.ts';
import { BacklogPoll } from './backlog-poll.ts';
import { BacklogShares } from './backlog-shares.ts';
import type { Broker, BrokerMessage } from './broker.ts';
import { BrokerLink } from './broker-link.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { OutgoingRequests } from './outgoing-requests.ts';
import { TakenMessages } from './taken-messages.ts';

export interface BrokerQueueOptions {
  /** Notifications that may be unsettled at a time at all instances (`core.queue_num`); each part of a large one counts. */
  readonly limit: number;
  /** Bytes of the heap for what this instance holds, and half as many for what is on its way to the broker; default: any number. */
  readonly maxCost?: number | undefined;
  /** How many apps there are, which share the queue; default: one. */
  readonly apps?: (() => number) | undefined;
  /** How long the broker has to confirm a request, milliseconds; then the caller is asked to come again. Default: a second. */
  readonly confirmMs?: number | undefined;
  readonly wake: (lane: LaneId) => void;
  /** Called from the first turn of the event loop on. */
  readonly restore: Restore;
  /** Things that an operator should know; `error` ones need a person. */
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** How often progress is kept: a crash resends at most as much (where the broker can keep it). */
const TICK_MS = 500;
const CLOSE_MS = 3000;

export class BrokerQueue implements Queue, WithdrawingQueue {
  readonly #broker: Broker;
  readonly #options: BrokerQueueOptions;
  readonly #now: () => number;
  readonly #link: BrokerLink;
  readonly #shares: BacklogShares;
  readonly #estimate = new BacklogEstimate();
  readonly #poll: BacklogPoll;
  readonly #outgoing: OutgoingRequests;
  readonly #taken: TakenMessages;
  readonly #lease: LeaseKeeper;
  readonly #refill = onceATurn(() => this.#want());
  readonly #timer: NodeJS.Timeout;
  /** It was said what waited at the broker before. */
  #isFound = false;
  #takenOver = 0;

  constructor(broker: Broker, options: BrokerQueueOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const { limit, maxCost, apps, confirmMs, tell } = options;
    this.#shares = new BacklogShares(limit, apps);
    this.#poll = new BacklogPoll(broker, this.#estimate);
    this.#link = new BrokerLink({ name: broker.name, tell, now: this.#now, waiting: () => this.#waiting() });
    const shared = { broker, apps, shares: this.#shares, estimate: this.#estimate };
    this.#outgoing = new OutgoingRequests({
      ...shared,
      maxCost: maxCost && maxCost / 2,
      confirmMs,
      trouble: () => this.#link.trouble,
    });
    this.#taken = new TakenMessages({
      ...options,
      ...shared,
      now: this.#now,
      isConnected: () => this.#link.isConnected,
      refill: this.#refill,
    });
    this.#lease = new LeaseKeeper({ broker, taken: this.#taken, tell, now: this.#now });
    this.#timer = setInterval(() => this.#tick(), Math.min(TICK_MS, broker.touchMs / 2));
    this.#timer.unref();
    // Not before the first turn: restoring needs the lanes, which are opened after their queue.
    setImmediate(() => this.#start());
  }

  async append(entries: readonly QueueEntry[]): Promise<void> {
    this.#link.refuse();
    this.#shares.refuseUnlessFits(entries, this.#size());
    await this.#outgoing.publish(entries);
  }

  /** Nothing while others may have taken over what is here. */
  take(lane: LaneId, limit: number): Batch | undefined {
    return this.#lease.isSure ? this.#taken.take(lane, limit) : undefined;
  }

  settle(batch: Batch, indexes: readonly number[]): void {
    this.#taken.settle(batch, indexes);
  }

  defer(batch: Batch, at: number): void {
    this.#taken.defer(batch, at);
  }

  /** What is with this instance; what others have, or the broker, they are asked about when it comes. */
  withdraw(withdrawal: Withdrawal): Batch[] {
    return this.#taken.withdraw(withdrawal);
  }

  /** Without a lane, the notifications are those of all instances, when the broker tells. */
  depth(lane?: LaneId): QueueDepth {
    const depth = this.#taken.depth(lane);
    if (lane !== undefined) return depth;
    return { ...depth, notifications: Math.max(this.#estimate.count ?? 0, depth.notifications) };
  }

  oldestAge(): number {
    const { oldestAt } = this.#estimate;
    const elsewhere = oldestAt && this.#estimate.count !== 0 ? Date.now() - oldestAt : 0;
    return Math.max(0, elsewhere, this.#taken.oldestAge());
  }

  takenOver(): number {
    return this.#takenOver;
  }

  health(): QueueHealth {
    const why = this.#link.trouble ?? this.#poll.silent;
    if (why !== undefined) return { status: 'fail', output: `${this.#broker.name}: ${why}` };
    return headroom(this.#size(), this.#options.limit);
  }

  /** Keeps progress and hands everything back, so that other instances need not wait for it. */
  async close(): Promise<void> {
    if (this.#link.isClosed) return;
    const wasUp = this.#link.close();
    clearInterval(this.#timer);
    this.#taken.close();
    this.#outgoing.close();
    if (wasUp) {
      await within(CLOSE_MS, this.#taken.handAllBack()).catch((error) => {
        this.#options.tell('warn', `${this.#broker.name}: could not hand back what is under way: ${error.message}`);
      });
    }
    this.#link.closed();
    await this.#broker.close();
  }

  #start(): void {
    if (this.#link.isClosed) return;
    this.#broker.start({
      message: (message) => this.#message(message),
      holds: (id) => this.#taken.holds(id),
      isSure: () => this.#lease.isSure,
      up: () => this.#connected(),
      down: (why) => this.#link.lost(why),
      tell: (level, message) => this.#options.tell(level, `${this.#broker.name}: ${message}`),
    });
  }

  #message(message: BrokerMessage): void {
    if (this.#link.isClosed) {
      this.#taken.giveBack(message).catch(() => {});
      return;
    }
    if (message.deaths) this.#takenOver++;
    this.#taken.add(message);
  }

  #connected(): void {
    if (this.#link.isClosed) return;
    this.#link.connected();
    this.#lease.renew();
    this.#taken.open();
    this.#poll.renew();
    // Before anything is appended it is known how full the queue is.
    background(
      this.#ask().then(() => {
        this.#sayWhatWasFound();
        this.#outgoing.open();
      }),
    );
    this.#tick();
  }

  /** With the first connection, when the broker tells. */
  #sayWhatWasFound(): void {
    const { count } = this.#estimate;
    if (this.#isFound || count === undefined) return;
    this.#isFound = true;
    if (count > 0)
      this.#options.tell('info', `${this.#broker.name}: ${count} notifications wait there, for all instances`);
  }

  #size(): number {
    return Math.max(this.#estimate.count ?? 0, this.#taken.size) + this.#outgoing.messages;
  }

  /** Pushes that were taken and wait here. */
  #waiting(): number {
    const { waiting, deferred } = this.#taken.depth();
    return waiting + deferred;
  }

  /** Says how many messages this instance takes on. */
  #want(): void {
    if (this.#link.isUp) this.#broker.want(this.#taken.room);
  }

  #tick(): void {
    this.#link.stillLost();
    if (!this.#link.isUp) return;
    this.#taken.tick();
    this.#refill();
    this.#lease.tick();
    const now = this.#now();
    if (this.#poll.isDue(now)) background(this.#ask());
    this.#taken.handOldBack(now);
  }

  async #ask(): Promise<void> {
    await this.#poll.ask(this.#now());
    this.#shares.correct(this.#size());
  }
}
