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

/** A token bucket that holds one window's requests: a second's, or as long as one request takes at less than one a second. */
export class RateLimit {
  readonly #rate: number;
  readonly #quota: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  /** @param rate requests per second, above 0. @param now monotonic milliseconds. */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#quota = Math.max(1, Math.floor(rate));
    this.#now = now;
    this.#tokens = this.#quota;
    this.#at = now();
  }

  take(): Quota {
    const now = this.#now();
    this.#tokens = Math.min(this.#quota, this.#tokens + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
    const allowed = this.#tokens >= 1 - 1e-9;
    if (allowed) this.#tokens -= 1;
    return {
      allowed,
      quota: this.#quota,
      windowSeconds: Math.max(1, Math.round(this.#quota / this.#rate)),
      remaining: Math.max(0, Math.floor(this.#tokens + 1e-9)),
      resetSeconds: Math.ceil((this.#quota - this.#tokens) / this.#rate),
      retryAfter: allowed ? 0 : Math.max(1, Math.ceil((1 - this.#tokens) / this.#rate)),
    };
  }
}
