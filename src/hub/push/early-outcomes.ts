import type { PushListener, PushOutcome, PushQuestion, PushRetry } from './push-carrier.ts';

/** Passes on what a carrier has to tell; outcomes from before there is a listener are kept for it. */
export class EarlyOutcomes implements PushListener {
  #listener: PushListener | undefined;
  #early: PushOutcome[] = [];

  listen(listener: PushListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    if (early.length > 0) listener.outcomes(early);
  }

  outcomes(outcomes: readonly PushOutcome[]): void {
    if (this.#listener) this.#listener.outcomes(outcomes);
    else this.#early.push(...outcomes);
  }

  retried(retries: readonly PushRetry[]): void {
    this.#listener?.retried(retries);
  }

  isDoubtful(since: number): boolean {
    return this.#listener?.isDoubtful?.(since) ?? false;
  }

  async stillWanted(question: PushQuestion): Promise<readonly boolean[]> {
    if (!this.#listener) throw new Error('the hub is not open yet');
    return this.#listener.stillWanted(question);
  }
}
