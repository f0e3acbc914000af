/**
 * Time as the event loop lived it: a turn that took long (a blocked loop, a suspended process) counts as at most
 * `longestTurnMs`. Deadlines on this clock do not blame the peer for answers that we did not read. Call `now` regularly.
 */
export class LoopClock {
  readonly #real: () => number;
  readonly #longestTurnMs: number;
  #last: number;
  #lived = 0;

  /** `real`: monotonic milliseconds. */
  constructor(longestTurnMs: number, real: () => number = () => performance.now()) {
    this.#longestTurnMs = longestTurnMs;
    this.#real = real;
    this.#last = real();
  }

  now(): number {
    const real = this.#real();
    this.#lived += Math.min(real - this.#last, this.#longestTurnMs);
    this.#last = real;
    return this.#lived;
  }
}
