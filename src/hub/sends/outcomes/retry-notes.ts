/**
 * Notes at the decisions of pushes that wait for another attempt how often they were sent, why that failed and when they are sent
 * again. It is for those who look: what is written late, or not at all where too much waits, changes nothing.
 */
import { background } from '../../../kit/background.ts';
import type { PushRetry } from '../../push/push-carrier.ts';
import type { HubDb, HubStore } from '../../storage/storage.ts';
import { handedFor, handedTo, unlessSuperseded } from '../rows/decision-rows.ts';
import type { HandedBatches } from './handed-batches.ts';
import { type KnownTarget, knownTargets } from './known-targets.ts';

export interface RetryNotesOptions {
  readonly store: HubStore;
  readonly batches: HandedBatches;
}

interface WaitingTarget extends Omit<PushRetry, 'targets'> {
  readonly target: string;
}

/** While a provider is down everything is retried again and again: it is written once in a while, the last of each target alone. */
const EVERY_MS = 1000;
const MOST_WAITING = 10_000;
/** Targets a statement. */
const AT_ONCE = 500;

export class RetryNotes {
  readonly #options: RetryNotesOptions;
  #waiting = new Map<string, WaitingTarget>();
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RetryNotesOptions) {
    this.#options = options;
  }

  add(retries: readonly PushRetry[]): void {
    for (const { targets, ...retry } of retries)
      for (const target of targets) {
        const key = `${retry.app}\n${retry.batch}\n${target}`;
        if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(key)) continue;
        this.#waiting.set(key, { ...retry, target });
      }
    this.#timer ??= setTimeout(() => background(this.idle()), EVERY_MS).unref();
  }

  /** Writes what is noted; resolves once that is done. */
  idle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const some = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#writing = this.#writing.then(() => this.#write(some));
    return this.#writing;
  }

  close(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#writing;
  }

  async #write(some: readonly WaitingTarget[]): Promise<void> {
    if (some.length === 0) return;
    const { store, batches } = this.#options;
    try {
      const known = await knownTargets(store, batches, some);
      const groups = Map.groupBy(known, ({ told, batch }) => JSON.stringify([batch.app, batch.batch, alikeIn(told)]));
      await store.write(async (tx) => {
        for (const group of groups.values())
          for (let at = 0; at < group.length; at += AT_ONCE) await note(tx, group.slice(at, at + AT_ONCE));
      });
    } catch {
      // The store says by itself when it cannot be reached; the next retry is noted again.
    }
  }
}

const alikeIn = ({ attempts, nextAt, failed: { reason, category } }: WaitingTarget) => ({
  ...{ attempts, until: Math.ceil(nextAt), reason, category },
});

/** What has an outcome meanwhile is left. @param group of one batch, and alike */
async function note(tx: HubDb, group: readonly KnownTarget<WaitingTarget>[]): Promise<void> {
  const [first] = group;
  if (!first) return;
  const targets = group.map(({ target }) => target);
  const { reason, ...told } = alikeIn(first.told);
  await tx
    .updateTable('decisions')
    .set((eb) => ({ ...told, reason: unlessSuperseded(eb, reason) }))
    .where(handedFor(handedTo(first.batch, targets)))
    .where('state', '=', 'pending')
    .execute();
}
