import type { PushCarrier, PushListener, PushOutcome, PushRetry, WithdrawnPushes } from './push-carrier.ts';

/**
 * One carrier for several parts of the hub, each with its own listener: a batch belongs to the part whose prefix its name begins
 * with, else to `rest`. The carrier is closed by who opened it.
 */
export interface PartedCarrier {
  /** @param prefix of the names of the part's batches */
  part(prefix: string): PushCarrier;
  readonly rest: PushCarrier;
}

/** What came before a part listens is kept for it. */
class Listeners implements PushListener {
  readonly #parts = new Map<string, PushListener>();
  readonly #early: PushOutcome[] = [];

  listen(prefix: string, listener: PushListener): void {
    this.#parts.set(prefix, listener);
    this.outcomes(this.#early.splice(0));
  }

  outcomes(outcomes: readonly PushOutcome[]): void {
    if (outcomes.length === 0) return;
    const [first] = outcomes as [PushOutcome];
    const prefix = this.#prefixOf(first.batch);
    // Nearly always all are of one part.
    if (outcomes.every(({ batch }) => batch === first.batch || this.#prefixOf(batch) === prefix))
      this.#tell(prefix, outcomes);
    else for (const [part, own] of Map.groupBy(outcomes, ({ batch }) => this.#prefixOf(batch))) this.#tell(part, own);
  }

  retried(retries: readonly PushRetry[]): void {
    for (const [part, own] of Map.groupBy(retries, ({ batch }) => this.#prefixOf(batch)))
      this.#parts.get(part)?.retried(own);
  }

  isDoubtful(since: number): boolean {
    for (const part of this.#parts.values()) if (part.isDoubtful?.(since)) return true;
    return false;
  }

  async stillWanted(question: Parameters<PushListener['stillWanted']>[0]): Promise<readonly boolean[]> {
    const listener = this.#parts.get(this.#prefixOf(question.batch));
    if (!listener) throw new Error('the hub is not open yet');
    return listener.stillWanted(question);
  }

  #tell(prefix: string, outcomes: readonly PushOutcome[]): void {
    const listener = this.#parts.get(prefix);
    if (listener) listener.outcomes(outcomes);
    else this.#early.push(...outcomes);
  }

  #prefixOf(batch: string): string {
    for (const prefix of this.known) if (prefix !== '' && batch.startsWith(prefix)) return prefix;
    return '';
  }

  readonly known = new Set<string>();
}

const nothingWithdrawn: WithdrawnPushes = { ended: 0, sending: () => 0, endLeft: () => {} };

export function partCarrier(carrier: PushCarrier): PartedCarrier {
  const listeners = new Listeners();
  carrier.listen(listeners);
  const part = (prefix: string): PushCarrier => {
    listeners.known.add(prefix);
    return {
      send: (batches) => carrier.send(batches),
      holds: (batch) => carrier.holds(batch),
      listen: (listener) => listeners.listen(prefix, listener),
      withdraw: (app, targets) => carrier.withdraw?.(app, targets) ?? nothingWithdrawn,
      doubt: (app, targets) => carrier.doubt?.(app, targets) ?? nothingWithdrawn,
      health: () => carrier.health(),
      can: (app, platform) => carrier.can(app, platform),
      async close() {},
    };
  };
  return { part, rest: part('') };
}
