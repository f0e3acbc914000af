/** Which signed calls were heard already: one that someone recorded and sends again within its time is not heard twice. */
export class SeenCalls {
  readonly #keepMs: number;
  /** Until when, in the order in which they came. */
  readonly #seen = new Map<string, number>();

  /** @param keepMs how long a signature may be old or early, both together */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** @param now UNIX milliseconds. @returns whether it is the first time */
  isNew(id: string, now: number): boolean {
    for (const [old, until] of this.#seen) {
      if (until >= now && this.#seen.size < MOST) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(id)) return false;
    this.#seen.set(id, now + this.#keepMs);
    return true;
  }
}

/** Peers alone get here: theirs are the signatures. */
const MOST = 200_000;
