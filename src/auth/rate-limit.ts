import { toSeconds } from '../kit/seconds.ts';
import { TokenBucket } from '../kit/token-bucket.ts';

/** What is left to a caller after a request; for the headers of draft-ietf-httpapi-ratelimit-headers. */
export interface Quota {
  readonly allowed: boolean;
  /** Requests in a window, and its length in seconds. */
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Seconds until the whole quota is there again. */
  readonly resetSeconds: number;
  /** Seconds until the next request may come; 0 when one may come now. */
  readonly retryAfter: number;
}

/** Sums of fractions of a second may miss a whole one by this. */
const EPSILON = 1e-9;

const wholeSeconds = (ms: number): number => Math.ceil(toSeconds(ms) - EPSILON);

/** Holds one window's requests: a second's, or as long as one request takes at less than one a second. */
export class RateLimit {
  readonly #rate: number;
  readonly #quota: number;
  readonly #bucket: TokenBucket;

  /** @param rate requests per second, above 0. @param now monotonic milliseconds. */
  constructor(rate: number, now?: () => number) {
    this.#rate = rate;
    this.#quota = Math.max(1, Math.floor(rate));
    this.#bucket = new TokenBucket({ capacity: this.#quota, perSecond: rate, now });
  }

  take(): Quota {
    const allowed = this.#bucket.available() >= 1;
    if (allowed) this.#bucket.take(1);
    return {
      allowed,
      quota: this.#quota,
      windowSeconds: Math.max(1, Math.round(this.#quota / this.#rate)),
      remaining: Math.max(0, this.#bucket.available()),
      resetSeconds: wholeSeconds(this.#bucket.waitMs(this.#quota)),
      retryAfter: allowed ? 0 : Math.max(1, wholeSeconds(this.#bucket.waitMs())),
    };
  }
}
