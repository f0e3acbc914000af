/**
 * One (app, provider, environment): takes batches from the queue while the provider has room, the rate limit and the breaker
 * allow it, and hands them to the transport. Each lane has limits of its own, so that one that is stuck holds up only itself; the
 * price is a breaker, a limiter and a timer for each app in use. How many pushes are under way is counted here, since a batch may
 * hold one token or a thousand.
 *
 * - at rest: nothing is ready in the queue, or as many pushes are under way as may be. → woken by the queue, by an outcome, by
 *   another rate limit or another transport.
 * - woken: looks once in the next turn of the event loop (`#pump`), takes what there is room for, and sends it as one group.
 *   → waiting when something else than an outcome makes room, else → at rest.
 * - waiting: for a permit of the rate limit, for the end of the breaker's pause, or as long as the provider has asked for; a timer
 *   looks again. `wake` looks sooner.
 * - halted: takes nothing more; outcomes of what is under way are still handed over. For good.
 */
import { Breaker } from '../kit/breaker.ts';
import { AdaptiveConcurrency } from '../kit/concurrency.ts';
import { vital } from '../kit/vital.ts';
import type { LaneId } from '../push/lane-id.ts';
import type { Failed, Outcome, PushTransport } from '../push/push.ts';
import type { Batch, Queue } from '../queue/queue.ts';
import type { Flight } from './flight.ts';
import { Flights, type OnOutcomes } from './flights.ts';
import { RateGate } from './rate-gate.ts';
import type { SecondLook } from './second-look.ts';
import { BREAKER_THRESHOLD, lessonOf } from './turn-lesson.ts';

export interface LaneOptions {
  readonly id: LaneId;
  readonly transport: PushTransport;
  readonly queue: Pick<Queue, 'take'>;
  /** Pushes per second; 0 is no limit. */
  readonly rateLimit?: number;
  /** Most pushes under way; 0 lets the provider decide. */
  readonly maxInFlight?: number;
  readonly onOutcomes: OnOutcomes;
  /** The outcome of a batch that is no longer worth sending; undefined for the others. */
  readonly stale: (batch: Batch) => Outcome | undefined;
  /** Of batches that are asked about before they are sent; absent: there are none. */
  readonly secondLook?: SecondLook | undefined;
  /** What of a batch is still to be sent; the rest has its outcome. Absent: all of it. */
  readonly left?: ((batch: Batch) => Batch | undefined) | undefined;
  /** The provider cannot be reached, or refuses us, since just now; or the breaker has opened. */
  readonly onTrouble?: (() => void) | undefined;
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

/** Pushes that may be under way before a provider has said how many streams it allows. */
const FIRST_LIMIT = 256;
const MOST_AT_ONCE = 1000;
/** Expired pushes that are settled in one turn of the event loop: after an outage there may be millions. */
const MOST_STALE = 2000;

/** Pushes that may be taken now, or how long to wait before looking again; `Infinity`: until an outcome arrives. */
type Room = number | { readonly waitMs: number };

const UNTIL_AN_OUTCOME: Room = Object.freeze({ waitMs: Number.POSITIVE_INFINITY });

export class Lane {
  readonly id: LaneId;
  readonly transport: PushTransport;
  readonly #queue: Pick<Queue, 'take'>;
  readonly #breaker: Breaker;
  readonly #rate: RateGate;
  readonly #concurrency: AdaptiveConcurrency;
  readonly #now: () => number;
  readonly #maxInFlight: number;
  readonly #pumped = vital('taking from the queue', () => this.#pump());
  readonly #wakened = vital('taking from the queue', () => {
    this.#scheduled = false;
    this.#pump();
  });
  readonly #flights: Flights;
  readonly #onOutcomes: OnOutcomes;
  readonly #stale: LaneOptions['stale'];
  readonly #left: NonNullable<LaneOptions['left']>;
  readonly #onTrouble: () => void;
  #trouble: Failed | undefined;
  readonly #look: SecondLook | undefined;
  /** Since the last outcomes were handed over: trouble has begun, or opened the breaker. */
  #isNews = false;
  #scheduled = false;
  #halted = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneOptions) {
    this.id = options.id;
    this.transport = options.transport;
    this.#queue = options.queue;
    this.#onOutcomes = options.onOutcomes;
    this.#stale = options.stale;
    this.#left = options.left ?? ((batch) => batch);
    this.#onTrouble = options.onTrouble ?? (() => {});
    this.#look = options.secondLook;
    this.#maxInFlight = options.maxInFlight ?? 0;
    this.#breaker = new Breaker({
      threshold: BREAKER_THRESHOLD,
      ...(options.now ? { now: options.now } : {}),
      ...(options.random ? { random: options.random } : {}),
    });
    this.#now = options.now ?? (() => performance.now());
    this.#concurrency = new AdaptiveConcurrency({ now: this.#now });
    this.#rate = new RateGate(options.rateLimit ?? 0, this.#now);
    this.#flights = new Flights({
      transport: this.transport,
      onOutcomes: this.#onOutcomes,
      learn: (flights) => this.#learn(flights),
      landed: () => this.#landed(),
      now: this.#now,
    });
  }

  /** The last failure that says that the provider cannot be reached or refuses us; undefined as soon as it answers. */
  get trouble(): Failed | undefined {
    return this.#trouble;
  }

  /** Pushes that were taken from the queue and have no outcome that it knows. */
  get inFlight(): number {
    return this.#flights.pushes;
  }

  /** Of some targets, how many are being sent. */
  sending(isOne: (target: string) => boolean): number {
    return this.#flights.of(isOne);
  }

  get breaker(): Breaker['state'] {
    return this.#breaker.state;
  }

  status(): LaneStatus {
    return {
      id: this.id,
      inFlight: this.#flights.pushes,
      batches: this.#flights.batches,
      limit: this.#limit(),
      breaker: this.#breaker.state,
      probeDue: this.#breaker.state === 'open' && this.#breaker.waitMs() === 0,
      rateLimitWaits: this.#rate.waits,
      rateLimitWaitMs: this.#rate.waitedMs,
    };
  }

  /** There may be something to take: looks once for each turn of the event loop, so that what arrives together leaves together. */
  wake(): void {
    if (this.#scheduled || this.#halted) return;
    this.#scheduled = true;
    setImmediate(this.#wakened);
  }

  /** Another rate limit, pushes per second; 0: no limit. */
  limitRate(rate: number): void {
    if (this.#rate.limit(rate)) this.wake();
  }

  /** The transport sends with another credential or elsewhere: nothing of what was learnt holds it back. */
  renew(): void {
    this.#breaker.reset();
    this.wake();
  }

  /** Takes no more from the queue. */
  halt(): void {
    this.#halted = true;
    this.#look?.halt();
    clearTimeout(this.#timer);
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#flights.idle();
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
    if (this.#halted) return;
    const room = this.#room();
    if (typeof room === 'number') this.#take(room);
    else if (room !== UNTIL_AN_OUTCOME) this.#later(room.waitMs);
  }

  #room(): Room {
    const { capacity, heldMs } = this.transport.status();
    // What waits here is not refused one by one.
    if (heldMs) return { waitMs: heldMs };
    // Asked once: it grows with time, and a lane that neither sends nor waits would stand still for ever.
    const allowed = this.#rate.allowed();
    const room = Math.min(this.#limit(capacity) - this.#flights.pushes, allowed) - (this.#look?.asking ?? 0);
    if (room < 1) return allowed < 1 ? { waitMs: this.#rate.close() } : UNTIL_AN_OUTCOME;
    const admitted = this.#breaker.admit();
    if (admitted > 0) return Math.min(room, admitted);
    this.#rate.forget();
    // The pause may have ended between admit() and here: look again when it does. In half-open the probe's answer wakes the lane.
    return this.#breaker.state === 'open' ? { waitMs: this.#breaker.waitMs() } : UNTIL_AN_OUTCOME;
  }

  #take(room: number): void {
    let left = room;
    const taken: Batch[] = [];
    let stale = 0;
    let pushes = 0;
    while (left > 0 && stale < MOST_STALE) {
      const most = Math.min(left, MOST_AT_ONCE);
      const confirmed = this.#look?.take(most);
      const found = confirmed ?? this.#queue.take(this.id, most);
      if (!found) break;
      const batch = this.#dropStale(found) ? undefined : this.#left(found);
      if (!batch) {
        stale += found.targets.length;
        continue;
      }
      const { length } = batch.targets;
      left -= length;
      if (!confirmed && this.#look?.holds(batch)) continue;
      taken.push(batch);
      pushes += length;
    }
    if (stale >= MOST_STALE) this.wake();
    this.#rate.take(pushes);
    if (pushes > 0) this.#flights.send(taken, pushes);
    else this.#breaker.returnProbe();
    if (left === 0 && this.#rate.isLimited) this.#later(this.#rate.close());
  }

  /** True for a batch that is not worth sending any more: it has its outcome. */
  #dropStale(batch: Batch): boolean {
    const stale = this.#stale(batch);
    if (!stale) return false;
    this.#onOutcomes(
      batch,
      [...batch.targets.keys()],
      batch.targets.map(() => stale),
    );
    return true;
  }

  /** Breaker and concurrency learn from turns of the loop. */
  #learn(flights: readonly Flight[]): void {
    const { alive, throttled, weight, worst, oldest } = lessonOf(flights);
    this.#isNews = !alive && this.#failed(weight, worst);
    if (!alive) return;
    this.#trouble = undefined;
    this.#breaker.succeeded();
    this.#concurrency.answered(this.#now() - oldest, throttled, this.#ceiling(), this.#flights.pushes);
  }

  #landed(): void {
    // Only now is it known what waits.
    if (this.#isNews && !this.#halted) this.#onTrouble();
    this.wake();
  }

  /** @returns true when trouble began, or opened the breaker */
  #failed(weight: number, worst: Failed | undefined): boolean {
    const { state } = this.#breaker;
    const isNew = this.#trouble === undefined && worst !== undefined;
    this.#trouble = worst ?? this.#trouble;
    this.#breaker.failed(weight);
    return isNew || (state === 'closed' && this.#breaker.state === 'open');
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#pumped, Math.max(1, ms));
    this.#timer.unref();
  }
}
