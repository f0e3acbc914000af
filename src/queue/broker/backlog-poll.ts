import { toError } from '../../kit/errors.ts';
import { within } from '../../kit/within.ts';
import type { BacklogEstimate } from './backlog-estimate.ts';
import type { Broker } from './broker.ts';

const POLL_MS = 1000;

/** Asks the broker once a second how many messages it keeps. One question at a time: a broker that is slow is not flooded. */
export class BacklogPoll {
  readonly #broker: Pick<Broker, 'backlog'>;
  readonly #estimate: BacklogEstimate;
  #askedAt = 0;
  #isAsking = false;
  #silent: string | undefined;

  constructor(broker: Pick<Broker, 'backlog'>, estimate: BacklogEstimate) {
    this.#broker = broker;
    this.#estimate = estimate;
  }

  /** Why the last question has no answer; undefined: it has one. */
  get silent(): string | undefined {
    return this.#silent;
  }

  isDue(now: number): boolean {
    return now - this.#askedAt >= POLL_MS;
  }

  /** On a connection that is new, no question has failed yet. */
  renew(): void {
    this.#silent = undefined;
  }

  /** Resolves when the question that is under way has its answer, or will have none. */
  async ask(now: number): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#askedAt = now;
    const answer = this.#estimate.ask();
    try {
      answer(await within(2 * POLL_MS, this.#broker.backlog()));
      this.#silent = undefined;
    } catch (error) {
      this.#silent = `does not answer: ${toError(error).message}`;
    } finally {
      this.#isAsking = false;
    }
  }
}
