export interface LivenessOptions {
  /** Milliseconds without any frame after which an idle peer is pinged. */
  readonly pingIdleMs: number;
  /** The same while answers are awaited. */
  readonly pingSilenceMs: number;
  /** Milliseconds that a peer has for anything to arrive after a PING. */
  readonly pingTimeoutMs: number;
}

/**
 * Whether the peer is alive, on the pool's clock. Any frame is a sign of life; a PING is only sent into silence.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #heardAt: number;
  /** When the PING went out that is not answered. */
  #pingedAt: number | undefined;

  constructor(options: LivenessOptions, now: number) {
    this.#options = options;
    this.#heardAt = now;
  }

  heard(now: number): void {
    this.#heardAt = now;
    this.#pingedAt = undefined;
  }

  pinged(now: number): void {
    this.#pingedAt ??= now;
  }

  /** `ping`: send one now. `suspect`: the last one has not been answered in time. */
  check(now: number, awaiting: boolean): 'fine' | 'ping' | 'suspect' {
    const { pingIdleMs, pingSilenceMs, pingTimeoutMs } = this.#options;
    if (this.#pingedAt !== undefined) return now - this.#pingedAt >= pingTimeoutMs ? 'suspect' : 'fine';
    return now - this.#heardAt >= (awaiting ? pingSilenceMs : pingIdleMs) ? 'ping' : 'fine';
  }
}
