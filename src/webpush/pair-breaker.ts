import { Breaker, type BreakerOptions } from '../kit/breaker.ts';

/**
 * Stops pushes to one origin that are signed with one pair, when the origin refuses the signature itself: after five refusals in a
 * row for different subscriptions. What is wrong with one subscription stays with that one, and other pairs go on.
 */
export class PairBreaker {
  readonly #breaker: Breaker;
  #lastEndpoint: string | undefined;

  constructor(options: Pick<BreakerOptions, 'now' | 'random'> = {}) {
    this.#breaker = new Breaker({ threshold: 5, ...options });
  }

  /** Whether a push may be sent now. While it is open, one at a time may, as a probe. */
  admits(): boolean {
    return this.#breaker.admit() > 0;
  }

  get isOpen(): boolean {
    return this.#breaker.state !== 'closed';
  }

  waitMs(): number {
    return this.#breaker.waitMs();
  }

  /** @returns true when this refusal has opened it */
  refused(endpoint: string): boolean {
    const [wasOpen, isAnother] = [this.isOpen, endpoint !== this.#lastEndpoint];
    this.#lastEndpoint = endpoint;
    if (isAnother || wasOpen) this.#breaker.failed();
    return !wasOpen && this.isOpen;
  }

  /** The signature was good, whatever became of the push. */
  taken(): void {
    this.#lastEndpoint = undefined;
    this.#breaker.succeeded();
  }

  /** The probe ended without a word about the signature. */
  unanswered(): void {
    this.#breaker.returnProbe();
  }
}
