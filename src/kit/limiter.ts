/**
 * A rate limit that holds in every window of one second, however the calls fall: a token bucket whose capacity and refill
 * add up to the limit (a bucket of capacity `rate` would let twice the rate pass within a second). Up to a fiftieth of the
 * rate may go in one burst, so that a timer of a few milliseconds suffices to keep the rate.
 */
export class RateLimiter {
  readonly #perMs: number;
  readonly #capacity: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  /** @param rate permits per second, above 0. @param now monotonic milliseconds. */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.#capacity = Math.max(1, Math.floor(rate / 50));
    // Single permits, evenly spaced, never exceed the rate; a bucket of more must leave room for its burst.
    this.#perMs = (this.#capacity === 1 ? rate : rate - this.#capacity) / 1000;
    this.#tokens = this.#capacity;
    this.#now = now;
    this.#at = now();
  }

  /** Permits that can be taken now: a whole number. */
  available(): number {
    const now = this.#now();
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, now - this.#at) * this.#perMs);
    this.#at = now;
    return Math.floor(this.#tokens + 1e-9);
  }

  take(count: number): void {
    this.#tokens -= count;
  }

  /** Milliseconds until one permit is there. */
  waitMs(): number {
    return Math.max(0, (1 - this.#tokens) / this.#perMs);
  }
}
