import { throwLater } from '../kit/background.ts';
import { vital } from '../kit/vital.ts';
import { internalError } from '../push/internal-error.ts';
import type { Outcome, PushTransport } from '../push/push.ts';
import type { Batch } from '../queue/queue.ts';
import { Flight } from './flight.ts';

/**
 * Takes the outcomes of some targets of a batch: `indexes[i]` ended as `outcomes[indexes[i]]`. `sentAt`: monotonic milliseconds of the
 * hand-over to the transport; absent when there was none.
 */
export type OnOutcomes = (
  batch: Batch,
  indexes: readonly number[],
  outcomes: readonly Outcome[],
  sentAt?: number,
) => void;

export interface FlightsOptions {
  readonly transport: PushTransport;
  readonly onOutcomes: OnOutcomes;
  /** Outcomes have come in this turn of the event loop: called before they are handed over. */
  readonly learn: (flights: readonly Flight[]) => void;
  /** They are handed over. */
  readonly landed: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * What a lane has under way: batches that are handed to the transport together, and their outcomes, handed over once for each turn of the
 * event loop.
 */
export class Flights {
  readonly #options: FlightsOptions;
  readonly #flushed = vital('settling outcomes', () => this.#flush());
  readonly #flying = new Set<Flight>();
  #pushes = 0;
  #dirty: Flight[] = [];
  /** Of those that wait for the end of all that is under way. */
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: FlightsOptions) {
    this.#options = options;
  }

  /** Pushes that were sent and whose outcomes were not handed over. */
  get pushes(): number {
    return this.#pushes;
  }

  get batches(): number {
    return this.#flying.size;
  }

  /** Of some targets, how many have no outcome yet. */
  of(isOne: (target: string) => boolean): number {
    let pushes = 0;
    for (const { batch, outcomes } of this.#flying)
      for (const [index, target] of batch.targets.entries())
        if (outcomes[index] === undefined && isOne(target)) pushes++;
    return pushes;
  }

  /** @param pushes targets of all of them: more than none */
  send(batches: readonly Batch[], pushes: number): void {
    this.#pushes += pushes;
    const now = this.#options.now();
    for (const batch of batches) this.#sendBatch(new Flight(batch, now));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#flying.size === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  #sendBatch(flight: Flight): void {
    const { entry, kind, targets, attempts } = flight.batch;
    const { notification, environment, request } = entry;
    this.#flying.add(flight);
    const settle = (index: number, outcome: Outcome): void => this.#arrived(flight, index, outcome);
    try {
      const delivery = { notification, kind, targets, environment, attempt: attempts.sent, requestId: request.id };
      this.#options.transport.send(delivery, settle);
    } catch (error) {
      // A mistake of ours about this notification: it fails, and the others go on.
      const failed = internalError(error);
      for (let index = 0; index < targets.length; index++) settle(index, failed);
      throwLater(error);
    }
  }

  #arrived(flight: Flight, index: number, outcome: Outcome): void {
    if (flight.arrived(index, outcome) && this.#dirty.push(flight) === 1) setImmediate(this.#flushed);
  }

  #flush(): void {
    const { learn, onOutcomes, landed } = this.#options;
    const dirty = this.#dirty;
    this.#dirty = [];
    learn(dirty);
    for (const flight of dirty) {
      const fresh = flight.handOver();
      this.#pushes -= fresh.length;
      if (flight.isDone) this.#flying.delete(flight);
      onOutcomes(flight.batch, fresh, flight.outcomes, flight.sentAt);
    }
    if (this.#flying.size === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
    landed();
  }
}
