const MINUTE_MS = 60_000;

/** Trouble as log lines: one when it begins, one a minute while it is noticed, and one when it is over. */
export class LastingTrouble {
  readonly #now: () => number;
  readonly #everyMs: number;
  #state: { readonly since: number; saidAt: number } | undefined;

  /** @param now monotonic milliseconds */
  constructor(now: () => number = () => performance.now(), everyMs = MINUTE_MS) {
    this.#now = now;
    this.#everyMs = everyMs;
  }

  /** @param say called when it is time for a line */
  failed(say: () => void): void {
    const now = this.#now();
    if (this.#state && now - this.#state.saidAt < this.#everyMs) return;
    this.#state = { since: this.#state?.since ?? now, saidAt: now };
    say();
  }

  /** @param say called when there was trouble, with the seconds that it lasted */
  succeeded(say: (seconds: number) => void): void {
    if (!this.#state) return;
    const { since } = this.#state;
    this.#state = undefined;
    say(Math.round((this.#now() - since) / 1000));
  }
}
