import type { Failed, Outcome } from '../push/push.ts';

/**
 * What the last outcomes say about a provider and our credential, and when to ask again: while the relay is not ready it may get no
 * push that would find out that all is well again.
 *
 * - well: nothing failed since the last push that got through, or nothing was sent.
 * - troubled: an outcome said something about the provider or the credential. → well with the next push that is let in; from a
 *   refused credential only with one that is accepted, or with a probe.
 */
export class Probing {
  readonly #everyMs: number;
  readonly #now: () => number;
  /** A push was accepted since `lastSuccessAt` was asked. */
  #succeeded = false;
  #lastSuccessAt: number | undefined;
  #lastFailure: Failed | undefined;
  #dueAt = 0;

  /** @param everyMs between a failure and the first probe, and between two. @param now UNIX milliseconds */
  constructor(everyMs: number, now: () => number) {
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /**
   * UNIX milliseconds of the last push that was accepted, or of when this was first asked after it: lanes ask in the turn of the event loop
   * that follows, and to look at the clock for each push is one thing in a hundred of what it costs.
   */
  get lastSuccessAt(): number | undefined {
    if (this.#succeeded) this.#lastSuccessAt = this.#now();
    this.#succeeded = false;
    return this.#lastSuccessAt;
  }

  /** Why it is troubled; undefined: it is well. */
  get lastFailure(): Failed | undefined {
    return this.#lastFailure;
  }

  /** The outcome of a push. */
  note(outcome: Outcome): void {
    if (outcome.kind === 'accepted') {
      this.#succeeded = true;
      this.#lastFailure = undefined;
    } else if (isAboutPush(outcome)) {
      // The provider is there and takes pushes, though perhaps not with this credential.
      if (this.#lastFailure?.category !== 'credential') this.#lastFailure = undefined;
    } else {
      this.#lastFailure = outcome;
      this.postpone();
    }
  }

  /** The outcome of a probe; that its push is wrong is a good answer. */
  probed(outcome: Outcome): void {
    if (outcome.kind === 'accepted' || isAboutPush(outcome)) this.#lastFailure = undefined;
    // That the provider cannot be reached now does not make a refused credential good.
    else if (isAboutUs(outcome) || this.#lastFailure?.category !== 'credential') this.note(outcome);
  }

  /** Something was learnt by other means. */
  postpone(): void {
    this.#dueAt = this.#now() + this.#everyMs;
  }

  /** It is time for a probe. */
  get isDue(): boolean {
    return this.#now() >= this.#dueAt;
  }

  /** True when it is time for a probe, which the one who asks makes: the next is due later. */
  takeDue(): boolean {
    if (!this.isDue) return false;
    this.postpone();
    return true;
  }
}

const isAboutPush = ({ category }: Failed): boolean => category === 'invalid_token' || category === 'invalid_request';
const isAboutUs = ({ category }: Failed): boolean => category === 'credential' || category === 'stale_credential';
