export interface ConcurrencyOptions {
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Never fewer under way than this: a provider that throttles one device must not stop the rest. */
const FLOOR = 16;
/** After a cut, the next one waits until the effect of the first can be seen. */
const SETTLE_MS = 1000;
const GROW_EVERY_MS = 100;
const STEP = 32;
const ON_THROTTLE = 0.5;
const ON_LATENCY = 0.8;
/** Latency counts as rising when it is this many times the best seen, and this much above it: our own busy moments are neither. */
const RISE_FACTOR = 4;
const RISE_MS = 500;
/** The best latency is forgotten slowly, for a provider may have moved further away. */
const FORGET_PER_FLUSH = 1.001;
const SMOOTHING = 0.1;

/**
 * How many pushes may be under way at once: up to what the connections take, less after the provider throttles (429) or takes
 * ever longer to answer; then a little more again for each tenth of a second without such a sign. Additive increase,
 * multiplicative decrease.
 */
export class AdaptiveConcurrency {
  readonly #now: () => number;
  /** Undefined: nothing has been cut, the ceiling alone holds. */
  #limit: number | undefined;
  #cutAt = Number.NEGATIVE_INFINITY;
  #grownAt = 0;
  #best = Number.POSITIVE_INFINITY;
  #smoothed: number | undefined;

  constructor({ now = () => performance.now() }: ConcurrencyOptions = {}) {
    this.#now = now;
  }

  /** @param ceiling what the connections take now. */
  limit(ceiling: number): number {
    return this.#limit === undefined ? ceiling : Math.min(ceiling, this.#limit);
  }

  /**
   * Answers came.
   * @param ms how long the slowest of them took. @param throttled whether one of them was a 429.
   * @param ceiling what the connections take now. @param inFlight how many were under way.
   */
  answered(ms: number, throttled: boolean, ceiling: number, inFlight: number): void {
    this.#best = Math.min(this.#best * FORGET_PER_FLUSH, ms);
    this.#smoothed = this.#smoothed === undefined ? ms : this.#smoothed + SMOOTHING * (ms - this.#smoothed);
    const rising = this.#smoothed > Math.max(this.#best * RISE_FACTOR, this.#best + RISE_MS);
    if (throttled) this.#cut(ON_THROTTLE, ceiling, inFlight);
    else if (rising) this.#cut(ON_LATENCY, ceiling, inFlight);
    else this.#grow(ceiling);
  }

  #cut(factor: number, ceiling: number, inFlight: number): void {
    const now = this.#now();
    if (now - this.#cutAt < SETTLE_MS) return;
    this.#cutAt = now;
    this.#grownAt = now;
    // What is under way is what was too much, however high the limit was.
    this.#limit = Math.max(FLOOR, Math.floor(Math.min(this.limit(ceiling), Math.max(inFlight, FLOOR)) * factor));
  }

  #grow(ceiling: number): void {
    if (this.#limit === undefined) return;
    const now = this.#now();
    const steps = Math.floor((now - this.#grownAt) / GROW_EVERY_MS);
    if (steps < 1) return;
    this.#grownAt = now;
    // One step at a time: an idle lane has learned nothing about its provider.
    this.#limit += STEP;
    if (this.#limit >= ceiling) this.#limit = undefined;
  }
}
