/**
 * The queue and the lanes that take from it. They need each other: the queue wakes a lane when there is something to take, a
 * lane takes it, and what becomes of it goes back to the queue. Owning both, this part is the only one that knows both.
 *
 * A lane is open, from `open` until `free`, or it is not; pushes may wait in the queue for one that is not open (its app was
 * not used for long, or the queue brings them from a former process). `reopen` opens it then.
 */
import type { LaneId } from '../push/lane-id.ts';
import type { Outcome } from '../push/push.ts';
import type { QueueWithReports } from '../queue/create-queue.ts';
import type { Batch, QueueEntry, RequestBody, Restore } from '../queue/queue.ts';
import { isWithdrawn, type Withdrawal } from '../queue/withdrawal.ts';
import { Lane, type LaneOptions } from './lane.ts';
import type { LastingRequests } from './lasting-requests.ts';
import type { Outcomes } from './outcomes.ts';
import { CANCELLED, SecondLook } from './second-look.ts';
import { partOf, Withdrawals } from './withdrawals.ts';

/** What a queue is opened with: it calls neither before the first turn of the event loop. */
export interface QueueCallbacks {
  readonly wake: (lane: LaneId) => void;
  readonly restore: Restore;
}

export interface LaneSetOptions {
  readonly openQueue: (callbacks: QueueCallbacks) => QueueWithReports;
  readonly restore: Restore;
  readonly outcomes: Pick<Outcomes, 'decide' | 'stale'>;
  /** Requests that are asked about again before they are sent; absent: there are none. */
  readonly lasting?: LastingRequests | undefined;
  /** A lane's provider cannot be reached, or refuses us, since just now; or its breaker has opened. */
  readonly onTrouble?: (() => void) | undefined;
  /** Opens a lane for pushes that wait, by `open`. */
  readonly reopen: (id: LaneId) => Lane;
}

export type LanePlan = Omit<LaneOptions, 'queue' | 'onOutcomes' | 'stale' | 'left' | 'secondLook' | 'onTrouble'>;

export class LaneSet {
  readonly queue: QueueWithReports;
  readonly #lanes = new Map<string, Lane>();
  readonly #options: LaneSetOptions;
  /** Monotonic milliseconds: what is older is of a former process. */
  readonly #since = performance.now();
  readonly #withdrawals = new Withdrawals(() => performance.now());
  #halted = false;

  constructor(options: LaneSetOptions) {
    this.#options = options;
    this.queue = options.openQueue({ wake: (id) => this.wake(id), restore: options.restore });
  }

  /** The lanes that are open. */
  [Symbol.iterator](): IterableIterator<Lane> {
    return this.#lanes.values();
  }

  get(id: LaneId): Lane | undefined {
    return this.#lanes.get(id.key);
  }

  append(entries: readonly QueueEntry[], body: RequestBody): void | Promise<void> {
    return this.queue.append(entries, body);
  }

  open(plan: LanePlan): Lane {
    const { outcomes, lasting, onTrouble } = this.#options;
    const onOutcomes: LaneOptions['onOutcomes'] = (...ended) => this.#ended(...ended);
    const lane = new Lane({
      ...plan,
      queue: this.queue,
      onOutcomes,
      stale: (batch) => outcomes.stale(batch),
      left: (batch) => (this.#withdrawals.isActive ? this.#left(batch) : batch),
      onTrouble,
      secondLook:
        lasting &&
        new SecondLook({
          lasting,
          withdrawals: this.#withdrawals,
          since: this.#since,
          onOutcomes,
          later: (batch, at) => this.queue.defer(batch, at),
          wake: () => this.wake(plan.id),
        }),
    });
    if (this.#halted) lane.halt();
    this.#lanes.set(plan.id.key, lane);
    return lane;
  }

  /**
   * Nothing that was accepted before is sent to these targets any more: what waits ends as cancelled now, the rest when it comes.
   * @returns how many pushes that were
   */
  withdraw(withdrawal: Withdrawal): number {
    this.#withdrawals.add(withdrawal, true);
    return this.endWithdrawn(withdrawal);
  }

  /** Of what was withdrawn before: what waits now. */
  endWithdrawn(withdrawal: Withdrawal): number {
    let pushes = 0;
    for (const batch of this.queue.withdraw(withdrawal)) {
      pushes += batch.targets.length;
      this.#cancel(batch, [...batch.targets.keys()]);
    }
    return pushes;
  }

  /** The makers of lasting requests are asked before anything of theirs is sent to these targets, for a while. */
  doubt(withdrawal: Withdrawal): void {
    this.#withdrawals.add(withdrawal, false);
  }

  /** Pushes to these targets that are being sent. */
  sending(withdrawal: Withdrawal): number {
    let pushes = 0;
    for (const lane of this)
      if (lane.id.app === withdrawal.app) pushes += lane.sending((target) => isWithdrawn(withdrawal, target));
    return pushes;
  }

  /** There may be something to take for a lane. */
  wake(id: LaneId): void {
    (this.get(id) ?? this.#options.reopen(id)).wake();
  }

  /** Closes a lane for which nothing waits. */
  free(lane: Lane): void {
    lane.halt();
    this.#lanes.delete(lane.id.key);
  }

  /** Batches that are being sent. */
  busy(): number {
    let batches = 0;
    for (const lane of this) batches += lane.status().batches;
    return batches;
  }

  /** Nothing more is taken from the queue, by lanes that are opened from now on neither. */
  halt(): void {
    this.#halted = true;
    this.#withdrawals.close();
    for (const lane of this) lane.halt();
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    await Promise.all([...this].map((lane) => lane.idle()));
  }

  #left(batch: Batch): Batch | undefined {
    const gone = new Set(this.#withdrawals.gone(batch));
    if (gone.size === 0) return batch;
    this.#cancel(batch, [...gone]);
    const left = [...batch.targets.keys()].filter((index) => !gone.has(index));
    return left.length > 0 ? partOf(batch, left) : undefined;
  }

  #cancel(batch: Batch, indexes: readonly number[]): void {
    this.#ended(
      batch,
      indexes,
      batch.targets.map(() => CANCELLED),
      undefined,
    );
  }

  #ended(batch: Batch, indexes: readonly number[], outcomes: readonly Outcome[], sentAt: number | undefined): void {
    const { final, retries } = this.#options.outcomes.decide(batch, indexes, outcomes, sentAt);
    for (const retry of retries) this.queue.defer(retry.batch, retry.at);
    if (final.length > 0) this.queue.settle(batch, final);
  }
}
