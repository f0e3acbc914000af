/** Answers to see from the present sessions before another one is considered. */
const MIN_SAMPLES = 8;
const MIN_INTERVAL_MS = 100;

/**
 * Whether a further session would help. It would while the provider's answers come as fast as they ever did: what is missing is
 * streams. Once answers slow down, the provider (or this process) is what is full, and more streams only queue there.
 */
export class SessionGrowth {
  #recent = 0;
  #best = Number.POSITIVE_INFINITY;
  #samples = 0;
  #openedAt = Number.NEGATIVE_INFINITY;

  /** A round trip in milliseconds. */
  observe(roundTripMs: number): void {
    this.#samples++;
    this.#recent = this.#samples === 1 ? roundTripMs : this.#recent + (roundTripMs - this.#recent) / 8;
    if (this.#samples < MIN_SAMPLES) return;
    // The best one is forgotten slowly: a provider may be slower today for reasons of its own.
    this.#best = Math.min(this.#recent, this.#best + (this.#recent - this.#best) / 1024 || this.#recent);
  }

  opened(now: number): void {
    this.#openedAt = now;
    this.#samples = 0;
  }

  allows(now: number): boolean {
    return (
      this.#samples >= MIN_SAMPLES &&
      now - this.#openedAt >= Math.max(MIN_INTERVAL_MS, 4 * this.#recent) &&
      this.#recent <= 1.5 * this.#best + 2
    );
  }
}
