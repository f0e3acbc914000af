/**
 * Whether what the broker has handed to this instance is still its own. Others take over from an instance that the broker has not heard of
 * for a lease, and one that was stopped, blocked or cut off meanwhile lives on: so it looks at the clock before it hands anything out.
 *
 * - unheard: since the start; nothing is here. → sure.
 * - sure: the broker heard of this instance not long ago. → in doubt, as time passes.
 * - in doubt: others may have what is here. → sure, once the broker has heard of it again and what others have was let go.
 */
export interface LeaseOptions {
  /** Milliseconds; undefined: the broker knows none, and nothing is in doubt. */
  readonly lengthMs: () => number | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** It is in doubt after this part of the lease: earlier than others take over. */
const SURE = 0.75;

export class Lease {
  readonly #options: LeaseOptions;
  /** When the last thing was said that the broker heard, and the last one before the doubt began. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #sureAt = Number.NEGATIVE_INFINITY;
  #isDoubted = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  get isSure(): boolean {
    const length = this.#options.lengthMs();
    return length === undefined || (!this.#isDoubted && this.#options.now() - this.#heardAt < length * SURE);
  }

  /** The broker has heard of it again, and what others have is to be let go. */
  get isDoubted(): boolean {
    return this.#isDoubted;
  }

  /** Milliseconds without a word that the broker heard, before the doubt. */
  get silentMs(): number {
    return this.#heardAt - this.#sureAt;
  }

  /** Whether something was handed over after the broker had heard of this instance for the last time before the doubt. */
  isNew(since: number): boolean {
    return since >= this.#sureAt;
  }

  /** @param at when it was said what the broker has heard by now */
  heard(at: number): void {
    // Before the first word nothing was here.
    if (this.#heardAt !== Number.NEGATIVE_INFINITY && !this.isSure) this.#isDoubted = true;
    this.#heardAt = at;
    if (!this.#isDoubted) this.#sureAt = at;
  }

  /** What is here is its own. */
  clear(): void {
    this.#isDoubted = false;
    this.#sureAt = this.#heardAt;
  }
}
