import { backoff } from './backoff.ts';

export interface BreakerOptions {
  /** Weight of consecutive failures that opens it; default 5. */
  readonly threshold?: number;
  /** First and longest pause until a probe, milliseconds; default 1,000 and 30,000. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly random?: () => number;
}

type State =
  | { readonly name: 'closed'; readonly failures: number }
  | { readonly name: 'open'; readonly until: number; readonly rounds: number }
  | { readonly name: 'half-open'; readonly rounds: number };

/**
 * Stops sending to a peer that cannot be reached. States:
 * - closed: everything passes; `threshold` failures in a row, with no success between them, open it.
 * - open: nothing passes until a pause is over, which doubles with each round (with jitter).
 * - half-open: one probe passes; its success closes the breaker, its failure opens it for longer.
 */
export class Breaker {
  #state: State = { name: 'closed', failures: 0 };
  readonly #threshold: number;
  readonly #pause: { firstMs: number; maxMs: number };
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(options: BreakerOptions = {}) {
    this.#threshold = options.threshold ?? 5;
    this.#pause = { firstMs: options.firstMs ?? 1000, maxMs: options.maxMs ?? 30_000 };
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  /** How many pushes may be sent now: all, one probe, or none. Asking for the probe takes it. */
  admit(): number {
    const state = this.#state;
    if (state.name === 'closed') return Number.POSITIVE_INFINITY;
    if (state.name === 'half-open' || this.#now() < state.until) return 0;
    this.#setState({ name: 'half-open', rounds: state.rounds });
    return 1;
  }

  /** The probe that `admit` granted was not needed after all. */
  returnProbe(): void {
    if (this.#state.name === 'half-open') this.#setState({ name: 'open', until: 0, rounds: this.#state.rounds });
  }

  /** Milliseconds until `admit` may grant again; 0 when it would now. */
  waitMs(): number {
    return this.#state.name === 'open' ? Math.max(0, this.#state.until - this.#now()) : 0;
  }

  succeeded(): void {
    if (this.#state.name !== 'closed' || this.#state.failures > 0) this.#setState({ name: 'closed', failures: 0 });
  }

  /** The peer, or what we show it, is another one: what was learnt counts no more. */
  reset(): void {
    this.#setState({ name: 'closed', failures: 0 });
  }

  /** @param weight how much this failure adds towards the threshold. */
  failed(weight = 1): void {
    const state = this.#state;
    if (state.name === 'half-open') this.#open(state.rounds + 1);
    else if (state.name === 'closed') {
      const failures = state.failures + weight;
      if (failures >= this.#threshold) this.#open(0);
      else this.#setState({ name: 'closed', failures });
    }
  }

  #open(rounds: number): void {
    const { firstMs } = this.#pause;
    // Half of the pause is fixed: a breaker that reopens at once because of jitter would hammer a dead peer.
    const pause = firstMs / 2 + backoff(rounds, this.#pause, this.#random);
    this.#setState({ name: 'open', until: this.#now() + pause, rounds });
  }

  #setState(state: State): void {
    this.#state = state;
  }
}
