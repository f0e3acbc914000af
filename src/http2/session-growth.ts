/** Answers to see from the present sessions before another one is considered. */
const MIN_SAMPLES = 8;
const MIN_INTERVAL_MS = 100;
/** How much slower than at their best answers may be: a factor, and milliseconds for the clock's and the loop's jitter. */
const SLOWER = 1.3;
const JITTER_MS = 1;

/**
 * Whether a further session would help. It would when requests have been waiting for streams all the time lately, and the
 * provider's answers come as fast as they ever did. Once answers slow down, the provider (or this process) is what is full, and
 * more streams would only queue there.
 */
export class SessionGrowth {
  #recent = 0;
  #best = Number.POSITIVE_INFINITY;
  #samples = 0;
  #fullSince: number | undefined;

  /** A round trip in milliseconds. */
  observe(roundTripMs: number): void {
    this.#samples++;
    this.#recent = this.#samples === 1 ? roundTripMs : this.#recent + (roundTripMs - this.#recent) / 8;
    if (this.#samples < MIN_SAMPLES) return;
    // The best one is forgotten slowly: a provider may be slower today for reasons of its own.
    const best = Number.isFinite(this.#best) ? this.#best + (this.#recent - this.#best) / 1024 : this.#recent;
    this.#best = Math.min(this.#recent, best);
  }

  /** A session was opened: its effect is awaited. */
  opened(): void {
    this.#fullSince = undefined;
    this.#samples = 0;
  }

  /** Requests are not waiting for streams. */
  relieved(): void {
    this.#fullSince = undefined;
  }

  /** Requests wait, and all sessions are full: whether to open another. */
  allows(now: number): boolean {
    this.#fullSince ??= now;
    return (
      this.#samples >= MIN_SAMPLES &&
      now - this.#fullSince >= Math.max(MIN_INTERVAL_MS, 4 * this.#recent) &&
      this.#recent <= SLOWER * this.#best + JITTER_MS
    );
  }
}
