import type { Backlog } from './broker.ts';

/** Answers that this process's own traffic blurred are passed over for so many of them. */
const MOST_SKIPPED = 3;

/**
 * How many messages the broker keeps, as of its last answer and what this process did since. Other instances' work is seen
 * with the next answer.
 */
export class BacklogEstimate {
  #count = 0;
  #published = 0;
  #settled = 0;
  /** Settled, but the broker has not confirmed that it forgot them. */
  #unconfirmed = 0;
  #known = false;
  #skipped = 0;
  oldestAt: number | undefined;

  /** Undefined when the broker cannot say. */
  get count(): number | undefined {
    return this.#known ? Math.max(0, this.#count) : undefined;
  }

  published(messages: number): void {
    this.#published += messages;
    this.#count += messages;
  }

  settled(): void {
    this.#settled++;
    this.#unconfirmed++;
    this.#count--;
  }

  confirmed(messages: number): void {
    this.#unconfirmed -= messages;
  }

  /** Call before the broker is asked, and the result with its answer. */
  ask(): (answer: Backlog | undefined) => void {
    const published = this.#published;
    const settled = this.#settled;
    const unconfirmed = this.#unconfirmed;
    return (answer) => {
      const wasKnown = this.#known;
      this.#known = answer !== undefined;
      this.oldestAt = answer?.oldestAt;
      if (!answer) return;
      const blurred = wasKnown && (this.#published !== published || this.#settled !== settled);
      if (blurred && this.#skipped++ < MOST_SKIPPED) return;
      this.#skipped = 0;
      this.#count = answer.messages - unconfirmed + (this.#published - published) - (this.#settled - settled);
    };
  }
}
