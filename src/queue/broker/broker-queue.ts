import { background } from '../../kit/background.ts';
import { hasBit } from '../../kit/bits.ts';
import { toError } from '../../kit/errors.ts';
import { within } from '../../kit/within.ts';
import type { LaneId } from '../../push/lane-id.ts';
import { LaneStore } from '../lane-store.ts';
import { headroom, refuseWhenFull } from '../memory-queue.ts';
import type { Batch, Queue, QueueDepth, QueueEntry, QueueHealth, Restore } from '../queue.ts';
import { QueueRefusedError } from '../queue-refused-error.ts';
import { BacklogEstimate } from './backlog-estimate.ts';
import type { Broker, BrokerMessage } from './broker.ts';
import { type DecodedMessage, decodeMessage, encodeMessage, messagesOf } from './broker-message.ts';
import { FinishedMessages } from './finished-messages.ts';
import { type Held, HeldMessages, settleIn } from './held-messages.ts';
import { Prefetch } from './prefetch.ts';

export interface BrokerQueueOptions {
  /** Notifications that may be unsettled at a time at all instances (`core.queue_num`); each part of a large one counts. */
  readonly limit: number;
  readonly wake: (lane: LaneId) => void;
  /** Called from the first turn of the event loop on. */
  readonly restore: Restore;
  /** Things that an operator should know; `error` ones need a person. */
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Until the broker has confirmed a request, or the caller is told to come again. */
const PUBLISH_MS = 1000;
/** How often progress is kept: a crash resends at most as much (where the broker can keep it). */
const TICK_MS = 500;
const POLL_MS = 1000;
const CLOSE_MS = 3000;
/**
 * The queue on a message broker. `append` publishes, one message for each notification, and resolves when the broker has
 * confirmed; this instance or another is handed the messages back, puts them on its lanes and finishes them when they are
 * settled. Nothing is delivered that the broker has not confirmed. While the connection is lost requests are refused, and
 * what this instance holds goes on.
 */
export class BrokerQueue implements Queue {
  readonly #broker: Broker;
  readonly #options: BrokerQueueOptions;
  readonly #now: () => number;
  readonly #store: LaneStore;
  readonly #held = new HeldMessages();
  readonly #finished: FinishedMessages;
  readonly #estimate = new BacklogEstimate();
  readonly #prefetch: Prefetch;
  readonly #firstUp = Promise.withResolvers<void>();
  #publishing = 0;
  #up = false;
  #why = 'not connected yet';
  #told = false;
  #refilling = false;
  #closed = false;
  #touchedAt: number;
  #polledAt = 0;
  #polling = false;
  #silent: string | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(broker: Broker, options: BrokerQueueOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#store = new LaneStore(options);
    this.#prefetch = new Prefetch(this.#store, options.limit, this.#now);
    this.#touchedAt = this.#now();
    this.#finished = new FinishedMessages(
      broker,
      () => this.#up,
      (count) => this.#estimate.confirmed(count),
    );
    this.#timer = setInterval(() => this.#tick(), Math.min(TICK_MS, broker.touchMs / 2));
    this.#timer.unref();
    // Not before the first turn: restoring needs the relay, which is built after its queue.
    setImmediate(() => this.#start());
  }

  async append(entries: readonly QueueEntry[]): Promise<void> {
    this.#refuse(entries.length);
    const messages = entries.flatMap(messagesOf);
    this.#publishing += messages.length;
    let refused = false;
    try {
      // What has been refused because of its wait for the first connection is not published after it.
      const published = this.#firstUp.promise.then(() => (refused ? undefined : this.#broker.publish(messages)));
      await within(PUBLISH_MS, published);
      this.#estimate.published(messages.length);
    } catch (error) {
      refused = true;
      const why = this.#up ? toError(error).message : this.#why;
      throw new QueueRefusedError(`${this.#broker.name} did not take the request: ${why}`, 5, { cause: error });
    } finally {
      this.#publishing -= messages.length;
    }
  }

  take(lane: LaneId, limit: number): Batch | undefined {
    for (;;) {
      const batch = this.#store.take(lane, limit);
      if (!batch) return undefined;
      const held = this.#held.of(batch);
      if (held) {
        held.out += batch.targets.length;
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
    if (!held || !settleIn(held, batch, indexes)) return;
    this.#drop(held);
    this.#finish(held.id);
  }

  defer(batch: Batch, at: number): void {
    const held = this.#held.of(batch);
    if (!held) {
      this.#store.settle(batch, batch.targets.length);
      return;
    }
    held.out -= batch.targets.length;
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
    const why = this.#up ? this.#silent : this.#why;
    if (why !== undefined) return { status: 'fail', output: `${this.#broker.name}: ${why}` };
    return headroom(this.#size(), this.#options.limit);
  }

  /** Keeps progress and hands everything back, so that other instances need not wait for it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#store.close();
    this.#firstUp.promise.catch(() => {});
    this.#firstUp.reject(new Error('the queue is closed'));
    if (this.#up) {
      await within(CLOSE_MS, this.#handAllBack()).catch((error) => {
        this.#options.tell('warn', `${this.#broker.name}: could not hand back what is under way: ${error.message}`);
      });
    }
    await this.#broker.close();
  }

  #start(): void {
    if (this.#closed) return;
    this.#broker.start({
      message: (message) => this.#message(message),
      up: () => this.#connected(),
      down: (why) => this.#lost(why),
      tell: (level, message) => this.#options.tell(level, `${this.#broker.name}: ${message}`),
    });
  }

  #connected(): void {
    if (this.#told) this.#options.tell('info', `${this.#broker.name}: connected`);
    this.#told = false;
    this.#up = true;
    this.#silent = undefined;
    this.#touchedAt = 0;
    // Before anything is appended it is known how full the queue is.
    background(this.#poll(this.#now()).then(() => this.#firstUp.resolve()));
    this.#tick();
  }

  #lost(why: string): void {
    this.#up = false;
    this.#why = why;
    if (this.#told || this.#closed) return;
    this.#told = true;
    this.#options.tell('error', `${this.#broker.name}: ${why}; pushes are refused until it is back`);
  }

  /** @throws QueueRefusedError */
  #refuse(more: number): void {
    if (this.#closed) throw new QueueRefusedError('the queue is closed');
    if (!this.#up && this.#told) throw new QueueRefusedError(`${this.#broker.name}: ${this.#why}`, 5);
    refuseWhenFull(this.#size(), more, this.#options.limit);
  }

  #size(): number {
    return Math.max(this.#estimate.count ?? 0, this.#held.size) + this.#publishing;
  }

  #message(message: BrokerMessage): void {
    if (this.#closed) {
      this.#broker.handBack(message.id, undefined).catch(() => {});
      return;
    }
    if (this.#held.has(message.id)) return;
    if (this.#finished.again(message.id)) return;
    let entry: QueueEntry | undefined;
    let isDone: (place: number) => boolean;
    try {
      const decoded = decodeMessage(message.body, message.id, message.at || Date.now());
      isDone = progressOf(decoded, message.progress);
      [entry] = this.#options.restore({ ...decoded, isDone: (_, place) => isDone(place) });
    } catch (error) {
      const why = toError(error) instanceof SyntaxError ? 'it is not JSON' : toError(error).message;
      this.#options.tell('error', `${this.#broker.name}: dropped message ${message.id}, which is no push: ${why}`);
    }
    if (!entry) {
      this.#finish(message.id);
      return;
    }
    this.#held.add(message.id, entry, isDone!, this.#now());
    this.#store.add(entry, isDone!);
    this.#refill();
  }

  #drop(held: Held): void {
    this.#held.drop(held);
    this.#refill();
  }

  #finish(id: string): void {
    this.#estimate.settled();
    this.#finished.add(id);
  }

  #refill(): void {
    if (this.#refilling || this.#closed) return;
    this.#refilling = true;
    setImmediate(() => {
      this.#refilling = false;
      if (this.#up && !this.#closed) this.#broker.want(this.#prefetch.room(this.#held.size));
    });
  }

  #tick(): void {
    this.#refill();
    if (!this.#up) return;
    background(this.#finished.flush());
    this.#save();
    const now = this.#now();
    if (now - this.#touchedAt >= this.#broker.touchMs) {
      this.#touchedAt = now;
      if (this.#held.size > 0) this.#broker.touch(this.#held.ids());
    }
    if (now - this.#polledAt >= POLL_MS) background(this.#poll(now));
    this.#handOldBack(now);
  }

  #save(): void {
    for (const held of this.#held.all()) if (held.dirty) background(this.#saveOne(held), () => {});
  }

  async #saveOne(held: Held): Promise<void> {
    if (!held.done || !this.#broker.save) return;
    held.dirty = false;
    try {
      await this.#broker.save(held.id, held.done);
    } catch (error) {
      held.dirty = true;
      throw error;
    }
  }

  async #poll(now: number): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    this.#polledAt = now;
    const answer = this.#estimate.ask();
    try {
      answer(await within(2 * POLL_MS, this.#broker.backlog()));
      this.#silent = undefined;
    } catch (error) {
      this.#silent = `does not answer: ${toError(error).message}`;
    } finally {
      this.#polling = false;
    }
  }

  /** What the broker would take back anyway is given back in time, unless a part of it is being sent. */
  #handOldBack(now: number): void {
    const { longestMs } = this.#broker;
    if (longestMs === undefined) return;
    for (const held of this.#held.all()) {
      if (held.out > 0 || now - held.since < longestMs) continue;
      this.#drop(held);
      this.#handBack(held).catch(() => {});
    }
  }

  async #handBack(held: Held): Promise<void> {
    if (held.dirty) await this.#saveOne(held);
    const { request, notification } = held.entry;
    await this.#broker.handBack(held.id, held.done && encodeMessage(request, notification, held.done));
  }

  async #handAllBack(): Promise<void> {
    await this.#broker.stop();
    await this.#finished.flush();
    const results = await Promise.allSettled(this.#held.all().map((held) => this.#handBack(held)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw toError(failed.reason);
  }
}

function progressOf({ done }: DecodedMessage, saved: Uint8Array | undefined): (place: number) => boolean {
  return (place) => (done !== undefined && hasBit(done, place)) || (saved !== undefined && hasBit(saved, place));
}
