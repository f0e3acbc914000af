import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { toSeconds } from '../../kit/seconds.ts';
import { within } from '../../kit/within.ts';
import type { Broker } from './broker.ts';
import { Lease } from './lease.ts';
import type { TakenMessages } from './taken-messages.ts';

export interface LeaseKeeperOptions {
  readonly broker: Pick<Broker, 'name' | 'touchMs' | 'leaseMs'>;
  readonly taken: Pick<TakenMessages, 'touch' | 'letGo' | 'wakeAll'>;
  readonly tell: (level: 'warn', message: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** The broker has so long to hear that this instance lives. */
const TOUCH_MS = 1000;
/** It is asked so often what others have taken over. */
const MOST_QUESTIONS = 3;

/** Tells the broker that this instance lives and what it has; after a silence lets go of what others have before anything goes out. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #lease: Lease;
  #touchedAt = Number.NEGATIVE_INFINITY;
  #isTouching = false;
  #isAsking = false;
  /** Questions in a row that had no answer. */
  #unanswered = 0;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#lease = new Lease({ lengthMs: () => options.broker.leaseMs, now: options.now });
  }

  /** False while others may have taken over what is here. */
  get isSure(): boolean {
    return this.#lease.isSure;
  }

  /** On a connection that is new, it is said at once. */
  renew(): void {
    this.#touchedAt = Number.NEGATIVE_INFINITY;
  }

  tick(): void {
    const now = this.#options.now();
    if (this.#isTouching || now - this.#touchedAt < this.#options.broker.touchMs) return;
    this.#touchedAt = now;
    this.#isTouching = true;
    background(this.#touch(now), () => {});
  }

  /** Rejects when the broker has not heard it: it is said again with one of the next ticks. */
  async #touch(now: number): Promise<void> {
    try {
      await within(TOUCH_MS, this.#options.taken.touch());
    } finally {
      this.#isTouching = false;
    }
    this.#lease.heard(now);
    if (!this.#lease.isDoubted || this.#isAsking) return;
    this.#isAsking = true;
    await this.#letGo().finally(() => {
      this.#isAsking = false;
    });
  }

  async #letGo(): Promise<void> {
    const { broker, taken, tell } = this.#options;
    const { silentMs } = this.#lease;
    try {
      const count = await taken.letGo((since) => this.#lease.isNew(since));
      const silence = `nothing of this instance reached it for ${toSeconds(Math.round(silentMs))} s`;
      if (count > 0) tell('warn', `${broker.name}: let go of ${count} messages that others have, for ${silence}`);
    } catch (error) {
      if (++this.#unanswered < MOST_QUESTIONS) return;
      const { message } = toError(error);
      tell('warn', `${broker.name}: cannot ask what others have taken over, it may be sent twice: ${message}`);
    }
    this.#unanswered = 0;
    this.#lease.clear();
    taken.wakeAll();
  }
}
