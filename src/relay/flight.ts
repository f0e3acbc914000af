import type { Outcome } from '../push/push.ts';
import type { Batch } from '../queue/queue.ts';

/** A batch on its way: gathers what its targets became, to be handed over once for each turn of the event loop. */
export class Flight {
  readonly batch: Batch;
  /** By index of the target. */
  readonly outcomes: Outcome[];
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  #fresh: number[] = [];
  #open: number;

  constructor(batch: Batch, sentAt: number) {
    this.batch = batch;
    this.sentAt = sentAt;
    this.outcomes = new Array(batch.targets.length);
    this.#open = batch.targets.length;
  }

  /** Indexes whose outcomes came since the last `handOver`. */
  get fresh(): readonly number[] {
    return this.#fresh;
  }

  /** True when every target has its outcome, and all were handed over. */
  get isDone(): boolean {
    return this.#open === 0;
  }

  /** Notes an outcome; a second one for the same target counts for nothing. True when it is the first since the last `handOver`. */
  arrived(index: number, outcome: Outcome): boolean {
    if (this.outcomes[index] !== undefined) return false;
    this.outcomes[index] = outcome;
    return this.#fresh.push(index) === 1;
  }

  /** The indexes of `fresh`, which are not fresh any more. */
  handOver(): readonly number[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    this.#open -= fresh.length;
    return fresh;
  }
}
