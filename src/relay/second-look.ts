/**
 * Batches of one lane that may have been overtaken by events while they waited: their maker is asked whether they are still wanted.
 *
 * A batch is: asked about (`holds`) → confirmed, and taken by the lane before anything else of the queue (`take`); → settled as
 * `Cancelled`, as far as it is not wanted; → back in the queue for a while, when there is no answer.
 */
import { background } from '../kit/background.ts';
import { Fifo } from '../kit/fifo.ts';
import { vital } from '../kit/vital.ts';
import { within } from '../kit/within.ts';
import type { Failed, Outcome } from '../push/push.ts';
import type { Batch } from '../queue/queue.ts';
import type { LastingRequests } from './lasting-requests.ts';
import { partOf, type Withdrawals } from './withdrawals.ts';

export interface SecondLookOptions {
  readonly lasting: LastingRequests;
  readonly withdrawals: Pick<Withdrawals, 'isActive' | 'isDoubtful'>;
  /** Monotonic milliseconds: what was accepted before is of a former process. */
  readonly since: number;
  /** Takes the outcomes of targets that are not wanted any more. */
  readonly onOutcomes: (batch: Batch, indexes: readonly number[], outcomes: readonly Outcome[]) => void;
  /** Puts a batch back until a time, monotonic milliseconds. */
  readonly later: (batch: Batch, at: number) => void;
  /** There may be something to take. */
  readonly wake: () => void;
  readonly now?: () => number;
}

/** What was accepted a moment ago is sent unasked: its maker has just decided. */
const FRESH_MS = 60_000;
const ANSWER_MS = 10_000;
/** After a question without an answer. */
const AGAIN_MS = 5000;

export const CANCELLED: Failed = {
  kind: 'failed',
  category: 'cancelled',
  reason: 'Cancelled',
  error: 'taken back while it waited',
};

export class SecondLook {
  readonly #options: SecondLookOptions;
  readonly #now: () => number;
  readonly #confirmed = new Fifo<Batch>();
  readonly #answered = vital('cancelling pushes', (batch: Batch, wanted: readonly boolean[]) =>
    this.#divide(batch, wanted),
  );
  /** Of a confirmed batch that was too large. */
  #rest: Batch | undefined;
  #asking = 0;
  #halted = false;

  constructor(options: SecondLookOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Pushes that are asked about now. */
  get asking(): number {
    return this.#asking;
  }

  /** True for a batch that is asked about: it comes back by itself. */
  holds(batch: Batch): boolean {
    if (!this.#isDoubtful(batch)) return false;
    this.#asking += batch.targets.length;
    background(this.#ask(batch));
    return true;
  }

  /** At most so many pushes that are still wanted; undefined: there are none. */
  take(limit: number): Batch | undefined {
    const batch = this.#rest ?? this.#confirmed.shift();
    this.#rest = undefined;
    if (!batch || batch.targets.length <= limit) return batch;
    const indexes = [...batch.targets.keys()];
    this.#rest = partOf(batch, indexes.slice(limit));
    return partOf(batch, indexes.slice(0, limit));
  }

  /** Answers change nothing any more. */
  halt(): void {
    this.#halted = true;
  }

  #isDoubtful(batch: Batch): boolean {
    const { entry, attempts } = batch;
    const { lasting, since, withdrawals } = this.#options;
    if (!lasting.has(entry.request.id)) return false;
    if (attempts.sent > 0 || entry.since < since || this.#now() - entry.since >= FRESH_MS) return true;
    return lasting.isDoubtful?.(entry.since) === true || (withdrawals.isActive && withdrawals.isDoubtful(batch));
  }

  async #ask(batch: Batch): Promise<void> {
    const { entry, targets } = batch;
    const { lasting, later, wake } = this.#options;
    const question = { requestId: entry.request.id, app: entry.app, targets };
    const wanted = await within(ANSWER_MS, lasting.stillWanted(question)).catch(() => undefined);
    // The queue may be closed already; what is not settled stays in it for the next process.
    if (this.#halted) return;
    this.#asking -= targets.length;
    if (wanted) this.#answered(batch, wanted);
    else later(batch, this.#now() + AGAIN_MS);
    wake();
  }

  #divide(batch: Batch, wanted: readonly boolean[]): void {
    const { true: left = [], false: gone = [] } = Object.groupBy(batch.targets.keys(), (index): 'true' | 'false' =>
      wanted[index] ? 'true' : 'false',
    );
    if (gone.length === 0) this.#confirmed.push(batch);
    else if (left.length > 0) this.#confirmed.push(partOf(batch, left));
    if (gone.length === 0) return;
    this.#options.onOutcomes(
      batch,
      gone,
      batch.targets.map(() => CANCELLED),
    );
  }
}
