/**
 * Tells the first event of a kind at once, and then at most one a minute, with the number since the last one told: a
 * trouble that lasts must not fill the log.
 */
export class Throttle {
  readonly #everyMs: number;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { toldAt: number; untold: number }>();

  /** @param now monotonic milliseconds. */
  constructor(everyMs = 60_000, now: () => number = () => performance.now()) {
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** @param kind from a small set. @param tell called with the events since it was last called, these included. */
  add(kind: string, events: number, tell: (events: number) => void): void {
    const now = this.#now();
    const state = this.#kinds.get(kind);
    if (state && now - state.toldAt < this.#everyMs) {
      state.untold += events;
      return;
    }
    this.#kinds.set(kind, { toldAt: now, untold: 0 });
    tell((state?.untold ?? 0) + events);
  }
}
