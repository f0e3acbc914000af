import PQueue from 'p-queue';
import { background, throwLater } from '../kit/background.ts';
import { Breaker } from '../kit/breaker.ts';
import { AdaptiveConcurrency } from '../kit/concurrency.ts';
import { RateLimiter } from '../kit/limiter.ts';
import { vital } from '../kit/vital.ts';
import { internalError } from '../push/internal-error.ts';
import type { LaneId } from '../push/lane-id.ts';
import type { Category, Outcome, PushTransport } from '../push/push.ts';
import type { Batch, Queue } from '../queue/queue.ts';

export interface LaneOptions {
  readonly id: LaneId;
  readonly transport: PushTransport;
  readonly queue: Pick<Queue, 'take'>;
  /** Pushes per second; 0 is no limit. */
  readonly rateLimit?: number;
  /** Most pushes under way; 0 lets the provider decide. */
  readonly maxInFlight?: number;
  /**
   * Takes the outcomes of some targets of a batch: `indexes[i]` ended as `outcomes[indexes[i]]`. `sentAt`: monotonic milliseconds
   * of the hand-over to the transport; absent when there was none.
   */
  readonly onOutcomes: (
    batch: Batch,
    indexes: readonly number[],
    outcomes: readonly Outcome[],
    sentAt?: number,
  ) => void;
  /** The outcome of a batch that is no longer worth sending; undefined for the others. */
  readonly stale: (batch: Batch) => Outcome | undefined;
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface LaneStatus {
  readonly id: LaneId;
  /** Pushes, and batches of them, under way. */
  readonly inFlight: number;
  readonly batches: number;
  /** Most pushes that may be under way now. */
  readonly limit: number;
  readonly breaker: Breaker['state'];
  /** The breaker is open, its pause is over, and nothing waits that could be the probe. */
  readonly probeDue: boolean;
  /** How often, and for how many milliseconds together, pushes waited for the rate limit. */
  readonly rateLimitWaits: number;
  readonly rateLimitWaitMs: number;
}

/** Batches taken in one turn: one task of the p-queue, done when the last of their targets has an outcome. */
interface Group {
  open: number;
  done: () => void;
}

/** A batch on its way: gathers what its targets became, and hands it over once for each turn of the event loop. */
class Flight {
  readonly batch: Batch;
  readonly group: Group;
  readonly outcomes: Outcome[];
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  fresh: number[] = [];
  open: number;

  constructor(batch: Batch, group: Group, sentAt: number) {
    this.sentAt = sentAt;
    this.batch = batch;
    this.group = group;
    this.outcomes = new Array(batch.targets.length);
    this.open = batch.targets.length;
  }
}

/** How much a turn of nothing but such outcomes adds towards opening the breaker: unreachable 5 times, refused 20 times. */
const FAILURE_WEIGHT: Partial<Record<Category, number>> = { not_sent: 4, unanswered: 4, credential: 1 };
const BREAKER_THRESHOLD = 20;

/** Pushes that may be under way before a provider has said how many streams it allows. */
const FIRST_LIMIT = 256;
const MOST_AT_ONCE = 1000;

/**
 * One (app, provider, environment): takes batches from the queue while the provider has room, the rate limit and the breaker
 * allow it, and hands them to the transport. Tasks of its p-queue are groups of batches taken in one turn; how many pushes are
 * under way is counted here, since a batch may hold one token or a thousand. A lane that is stuck holds up only itself.
 */
export class Lane {
  readonly id: LaneId;
  readonly transport: PushTransport;
  readonly #tasks = new PQueue();
  readonly #queue: Pick<Queue, 'take'>;
  readonly #breaker: Breaker;
  #limiter: RateLimiter | undefined;
  readonly #concurrency: AdaptiveConcurrency;
  readonly #now: () => number;
  readonly #maxInFlight: number;
  readonly #take = vital('taking from the queue', () => this.#pump());
  readonly #wakened = vital('taking from the queue', () => {
    this.#scheduled = false;
    this.#pump();
  });
  readonly #flushed = vital('settling outcomes', () => this.#flush());
  readonly #onOutcomes: LaneOptions['onOutcomes'];
  readonly #stale: LaneOptions['stale'];
  #rate: number;
  #inFlight = 0;
  #batches = 0;
  #scheduled = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #dirty: Flight[] = [];
  /** Since when the rate limit allows nothing. */
  #limitedAt: number | undefined;
  #rateLimitWaits = 0;
  #rateLimitWaitMs = 0;

  constructor(options: LaneOptions) {
    this.id = options.id;
    this.transport = options.transport;
    this.#queue = options.queue;
    this.#onOutcomes = options.onOutcomes;
    this.#stale = options.stale;
    this.#maxInFlight = options.maxInFlight ?? 0;
    this.#breaker = new Breaker({
      threshold: BREAKER_THRESHOLD,
      ...(options.now ? { now: options.now } : {}),
      ...(options.random ? { random: options.random } : {}),
    });
    this.#now = options.now ?? (() => performance.now());
    this.#concurrency = new AdaptiveConcurrency({ now: this.#now });
    this.#rate = options.rateLimit ?? 0;
    this.#limiter = this.#rate > 0 ? new RateLimiter(this.#rate, options.now) : undefined;
  }

  status(): LaneStatus {
    return {
      id: this.id,
      inFlight: this.#inFlight,
      batches: this.#batches,
      limit: this.#limit(),
      breaker: this.#breaker.state,
      probeDue: this.#breaker.state === 'open' && this.#breaker.waitMs() === 0,
      rateLimitWaits: this.#rateLimitWaits,
      rateLimitWaitMs: this.#rateLimitWaitMs,
    };
  }

  /** There may be something to take: looks once for each turn of the event loop, so that what arrives together leaves together. */
  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(this.#wakened);
  }

  /** Another rate limit, pushes per second; 0 is none. */
  limitRate(rate: number): void {
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.#limiter = rate > 0 ? new RateLimiter(rate, this.#now) : undefined;
    this.wake();
  }

  /** The transport sends with another credential or elsewhere: nothing of what was learnt holds it back. */
  renew(): void {
    this.#breaker.reset();
    this.wake();
  }

  /** Takes no more from the queue. */
  halt(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#tasks.onIdle();
  }

  /**
   * What the connections take: the streams of their sessions, and half as many again that wait for one, so that a finished
   * stream is used at once and the pool sees that it could use a further session.
   */
  #ceiling(capacity = this.transport.status().capacity): number {
    const ceiling = Math.max(FIRST_LIMIT, Math.ceil(capacity * 1.5));
    return this.#maxInFlight > 0 ? Math.min(ceiling, this.#maxInFlight) : ceiling;
  }

  #limit(capacity?: number): number {
    return this.#concurrency.limit(this.#ceiling(capacity));
  }

  #pump(): void {
    if (this.#stopped) return;
    const { capacity, heldMs } = this.transport.status();
    if (heldMs) {
      // What waits here is not refused one by one.
      this.#later(heldMs);
      return;
    }
    // Asked once: it grows with time, and a lane that neither sends nor waits would stand still for ever.
    const allowed = this.#limiter?.available() ?? Number.POSITIVE_INFINITY;
    let room = Math.min(this.#limit(capacity) - this.#inFlight, allowed);
    if (room < 1) {
      if (this.#limiter && allowed < 1) this.#waitForRate(this.#limiter);
      return;
    }
    const admitted = this.#breaker.admit();
    if (admitted === 0) {
      this.#limitedAt = undefined;
      // Its pause may have ended since: then there is nothing left to wait for, and nobody else who looks. A probe's answer does.
      if (this.#breaker.state === 'open') this.#later(this.#breaker.waitMs());
      return;
    }
    room = Math.min(room, admitted);
    const group: Batch[] = [];
    while (room > 0) {
      const batch = this.#queue.take(this.id, Math.min(room, MOST_AT_ONCE));
      if (!batch) break;
      const stale = this.#stale(batch);
      if (stale) {
        this.#onOutcomes(
          batch,
          [...batch.targets.keys()],
          batch.targets.map(() => stale),
        );
        continue;
      }
      group.push(batch);
      room -= batch.targets.length;
      this.#inFlight += batch.targets.length;
      this.#limiter?.take(batch.targets.length);
    }
    this.#noteRateWait(group.length > 0);
    if (group.length > 0) background(this.#tasks.add(() => this.#send(group)));
    else if (admitted === 1) this.#breaker.returnProbe();
    if (room === 0 && this.#limiter) this.#waitForRate(this.#limiter);
  }

  #waitForRate(limiter: RateLimiter): void {
    this.#limitedAt ??= this.#now();
    this.#later(limiter.waitMs());
  }

  /** It was a wait only if there was something that waited. */
  #noteRateWait(waited: boolean): void {
    if (this.#limitedAt === undefined) return;
    if (waited) {
      this.#rateLimitWaits++;
      this.#rateLimitWaitMs += this.#now() - this.#limitedAt;
    }
    this.#limitedAt = undefined;
  }

  #send(batches: readonly Batch[]): Promise<void> {
    return new Promise((done) => {
      const group: Group = { open: batches.reduce((sum, batch) => sum + batch.targets.length, 0), done };
      this.#batches += batches.length;
      const now = this.#now();
      for (const batch of batches) this.#sendBatch(new Flight(batch, group, now));
    });
  }

  #sendBatch(flight: Flight): void {
    const { entry, kind, targets, attempts } = flight.batch;
    const { notification, environment } = entry;
    const settle = (index: number, outcome: Outcome): void => this.#arrived(flight, index, outcome);
    try {
      this.transport.send({ notification, kind, targets, environment, attempt: attempts.sent }, settle);
    } catch (error) {
      // A mistake of ours about this notification: it fails, and the others go on.
      const failed = internalError(error);
      for (let index = 0; index < targets.length; index++) settle(index, failed);
      throwLater(error);
    }
  }

  #arrived(flight: Flight, index: number, outcome: Outcome): void {
    if (flight.outcomes[index] !== undefined) return;
    flight.outcomes[index] = outcome;
    if (flight.fresh.push(index) > 1) return;
    this.#dirty.push(flight);
    if (this.#dirty.length === 1) setImmediate(this.#flushed);
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#learn(dirty);
    for (const flight of dirty) {
      const { fresh, group } = flight;
      flight.fresh = [];
      this.#inFlight -= fresh.length;
      flight.open -= fresh.length;
      if (flight.open === 0) this.#batches--;
      this.#onOutcomes(flight.batch, fresh, flight.outcomes, flight.sentAt);
      group.open -= fresh.length;
      if (group.open === 0) group.done();
    }
    this.wake();
  }

  /** Breaker and concurrency learn from turns of the loop, not from pushes: a thousand streams of one lost session are one failure. */
  #learn(flights: readonly Flight[]): void {
    let alive = false;
    let throttled = false;
    let weight = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { fresh, outcomes, sentAt } of flights) {
      oldest = Math.min(oldest, sentAt);
      for (const index of fresh) {
        const outcome = outcomes[index] as Outcome;
        const failure = outcome.kind === 'failed' && !outcome.sparesLane ? FAILURE_WEIGHT[outcome.category] : undefined;
        if (failure === undefined) alive = true;
        else weight = Math.max(weight, failure);
        if (outcome.kind === 'failed' && outcome.status === 429) throttled = true;
      }
    }
    if (!alive) this.#breaker.failed(weight);
    else {
      this.#breaker.succeeded();
      this.#concurrency.answered(this.#now() - oldest, throttled, this.#ceiling(), this.#inFlight);
    }
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#take, Math.max(1, ms));
    this.#timer.unref();
  }
}
