import { toMs, toSeconds } from './seconds.ts';

export interface TokenBucketOptions {
  /** Most tokens that it holds; it begins full. */
  readonly capacity: number;
  /** Tokens that are added in a second, above 0. */
  readonly perSecond: number;
  /** Monotonic milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** Sums of fractions of a token may miss a whole one by this. */
const EPSILON = 1e-9;

/** A rate limit: a permit is a token, tokens come back at a steady rate up to a capacity. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  constructor({ capacity, perSecond, now = () => performance.now() }: TokenBucketOptions) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
    this.#tokens = capacity;
    this.#now = now;
    this.#at = now();
  }

  /** Permits that can be taken now: a whole number. */
  available(): number {
    const now = this.#now();
    const added = toSeconds(Math.max(0, now - this.#at)) * this.#perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + added);
    this.#at = now;
    return Math.floor(this.#tokens + EPSILON);
  }

  take(count: number): void {
    this.#tokens -= count;
  }

  /** Milliseconds until so many permits are there, as of the last look. */
  waitMs(count = 1): number {
    return Math.max(0, toMs((count - this.#tokens) / this.#perSecond));
  }
}

/**
 * A limit that holds in every window of one second, however the calls fall: capacity and refill add up to the rate (a bucket
 * with a capacity of `rate` would let twice the rate pass within a second). Up to a fiftieth of the rate may go in one burst, so
 * that a timer of a few milliseconds suffices to keep the rate.
 * @param rate permits per second, above 0. @param now monotonic milliseconds
 */
export function strictRate(rate: number, now?: () => number): TokenBucket {
  const capacity = Math.max(1, Math.floor(rate / 50));
  // Single permits, evenly spaced, never exceed the rate; a bucket of more must leave room for its burst.
  return new TokenBucket({ capacity, perSecond: capacity === 1 ? rate : rate - capacity, now });
}
