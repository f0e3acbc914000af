import { strictRate, type TokenBucket } from '../kit/token-bucket.ts';

/** Holds a lane to its rate limit, and counts how often and how long pushes waited for it. Without a limit it is always open. */
export class RateGate {
  readonly #now: () => number;
  #rate = 0;
  #limiter: TokenBucket | undefined;
  /** Since when nothing is allowed; undefined: something is, or nothing waits for it. */
  #closedAt: number | undefined;
  #waits = 0;
  #waitedMs = 0;

  /** @param rate pushes per second; 0 is no limit. @param now monotonic milliseconds */
  constructor(rate: number, now: () => number) {
    this.#now = now;
    this.limit(rate);
  }

  get isLimited(): boolean {
    return this.#limiter !== undefined;
  }

  get waits(): number {
    return this.#waits;
  }

  /** Milliseconds, of all waits together. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Another limit. False when it is the same. */
  limit(rate: number): boolean {
    if (rate === this.#rate) return false;
    this.#rate = rate;
    this.#limiter = rate > 0 ? strictRate(rate, this.#now) : undefined;
    return true;
  }

  /** Pushes that may go out now. It grows with time: two answers in a row may differ. */
  allowed(): number {
    return this.#limiter?.available() ?? Number.POSITIVE_INFINITY;
  }

  /** Pushes begin to wait. @returns milliseconds until one may go out */
  close(): number {
    this.#closedAt ??= this.#now();
    return this.#limiter?.waitMs() ?? 0;
  }

  /** So many pushes go out. It was a wait only if there was something that waited. */
  take(pushes: number): void {
    this.#limiter?.take(pushes);
    if (this.#closedAt === undefined) return;
    if (pushes > 0) {
      this.#waits++;
      this.#waitedMs += this.#now() - this.#closedAt;
    }
    this.#closedAt = undefined;
  }

  /** Pushes wait for something else now. */
  forget(): void {
    this.#closedAt = undefined;
  }
}
