/**
 * What is not sent any more though it was accepted: pushes to targets of people who were erased. What waits is ended at once; what turns
 * up later, because it is tried again or comes from a file or a broker, is when a lane takes it. And targets that may be someone else's
 * by now: the maker of a request is asked about them. Lanes ask nothing of this while there are none.
 */
import { type Batch, placeOf } from '../queue/queue.ts';
import { isWithdrawn, type Withdrawal } from '../queue/withdrawal.ts';

interface Known {
  readonly withdrawal: Withdrawal;
  /** Monotonic milliseconds: it concerns what was accepted before. */
  readonly at: number;
  readonly until: number;
  /** Nothing is sent. False: the maker of the request decides. */
  readonly isFinal: boolean;
}

/** As long as a push may wait at a broker or for a retry; a hub's wait longer, and is asked about each time. */
const FINAL_MS = 3_600_000;
/** What waits longer is asked about anyhow (second-look.ts). */
const DOUBT_MS = 60_000;
/** Of more, the oldest go. */
const MOST = 10_000;

export class Withdrawals {
  readonly #now: () => number;
  #known: Known[] = [];
  #sweeping: NodeJS.Timeout | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** False: nothing needs to be asked. */
  get isActive(): boolean {
    return this.#known.length > 0;
  }

  add(withdrawal: Withdrawal, isFinal: boolean): void {
    const at = this.#now();
    const until = at + (isFinal ? FINAL_MS : DOUBT_MS);
    this.#known = [...this.#known.slice(1 - MOST), { withdrawal, at, until, isFinal }];
    this.#sweeping ??= setInterval(() => this.#sweep(), DOUBT_MS).unref();
  }

  /** Whether the maker of a batch is to be asked about it. */
  isDoubtful({ entry: { app }, targets }: Batch): boolean {
    return this.#known.some(
      ({ withdrawal }) => withdrawal.app === app && targets.some((target) => isWithdrawn(withdrawal, target)),
    );
  }

  /** Indexes of targets that nothing is sent to. */
  gone({ entry, targets }: Batch): number[] {
    const own = this.#known.filter(
      ({ withdrawal, at, isFinal }) => isFinal && withdrawal.app === entry.app && entry.since <= at,
    );
    if (own.length === 0) return [];
    return [...targets.keys()].filter((index) =>
      own.some(({ withdrawal }) => isWithdrawn(withdrawal, targets[index] as string)),
    );
  }

  close(): void {
    clearInterval(this.#sweeping);
  }

  #sweep(): void {
    const now = this.#now();
    this.#known = this.#known.filter(({ until }) => until > now);
    if (this.isActive) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }
}

/** A part of a batch. */
export const partOf = (batch: Batch, indexes: readonly number[]): Batch => ({
  ...batch,
  targets: indexes.map((index) => batch.targets[index] as string),
  places: indexes.map((index) => placeOf(batch, index)),
});
