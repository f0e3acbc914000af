import { setTimeout as sleep } from 'node:timers/promises';
import { toMs } from '../../kit/seconds.ts';

/** Spaces sends so that on average no more than `perSecond` go out; 0 is no limit. In the order in which they ask. */
export class Pace {
  readonly #perSecond: number;
  readonly #now: () => number;
  #freeAt = Number.NEGATIVE_INFINITY;

  /** @param now monotonic milliseconds */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Milliseconds that the next one has to wait. */
  get waitMs(): number {
    return Math.max(0, this.#freeAt - this.#now());
  }

  /** Resolves when so many may go out; rejects when the signal says so. */
  async turn(count: number, signal: AbortSignal): Promise<void> {
    if (this.#perSecond === 0) return;
    const { waitMs } = this;
    this.#freeAt = this.#now() + waitMs + toMs(count / this.#perSecond);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal, ref: false });
  }
}
