/** Between two looks so many times the pause between them counts: while this instance or the broker stood still, no instance could be heard. */
const MOST_COUNTED = 2;

interface Heard {
  word: string;
  silentMs: number;
}

/**
 * Which other instances have fallen silent. Each has a word at the broker that it changes as long as it lives. What counts is the time in
 * which a change would have been seen, so that neither an outage of the broker nor a pause of this instance makes others look dead.
 */
export class Silence {
  readonly #afterMs: number;
  readonly #everyMs: number;
  #heard = new Map<string, Heard>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param everyMs between two looks */
  constructor(afterMs: number, everyMs: number) {
    this.#afterMs = afterMs;
    this.#everyMs = everyMs;
  }

  /**
   * @param now monotonic milliseconds
   * @param words of all that are of interest
   * @returns those that are silent, and for how many milliseconds
   */
  look(now: number, words: ReadonlyMap<string, string>): Map<string, number> {
    const passed = Math.min(now - this.#lookedAt, MOST_COUNTED * this.#everyMs);
    this.#lookedAt = now;
    const heard = new Map<string, Heard>();
    const silent = new Map<string, number>();
    for (const [name, word] of words) {
      const before = this.#heard.get(name);
      const silentMs = before?.word === word ? before.silentMs + passed : 0;
      heard.set(name, { word, silentMs });
      if (silentMs >= this.#afterMs) silent.set(name, silentMs);
    }
    this.#heard = heard;
    return silent;
  }

  /** All begin again: they may need a while to be back. */
  forget(): void {
    this.#heard.clear();
  }
}
