import { newBits, setBit, setBits } from '../../kit/bits.ts';
import { targetCount } from '../../push/targets.ts';
import { type Batch, placeOf, type QueueEntry } from '../queue.ts';
import type { JournalRecord } from './journal-record.ts';
import type { NewRecord } from './new-record.ts';
import type { Progress, Removal } from './record-store.ts';

/** Settled targets of one notification, a bit for each; `more` of them since progress was written. */
interface Done {
  readonly of: Pending;
  readonly notification: number;
  readonly bits: Uint8Array;
  more: number;
}

/** A request with unsettled targets, and how far it has got. */
interface Pending {
  readonly key: number;
  open: number;
  /** Targets that the file does not count as settled yet. */
  uncounted: number;
  /** By notification; only of requests of more than one push. */
  done: Map<number, Done> | undefined;
}

/** The requests that a file holds records of, by key: what of them is settled, and what of that the file does not know yet. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>();
  /** Those with `more`, of requests that go on. */
  readonly #dirty = new Set<Done>();

  add({ key, pushes }: Pick<NewRecord, 'key' | 'pushes'>): void {
    this.#pending.set(key, { key, open: pushes, uncounted: pushes, done: undefined });
  }

  /** A request of an earlier process, of which `open` targets are left. @returns its removal when none is. */
  restore({ key, pushes, done }: JournalRecord, open: number): Removal | undefined {
    const progress = new Map<number, Done>();
    const pending: Pending = { key, open, uncounted: pushes, done: progress };
    for (const [notification, bits] of done) {
      progress.set(notification, { of: pending, notification, bits, more: 0 });
      pending.uncounted -= setBits(bits);
    }
    if (open === 0) return { key, pushes: pending.uncounted };
    this.#pending.set(key, pending);
    return undefined;
  }

  /** @returns the removal of the record when these were the last open targets of the request. */
  settle(batch: Batch, indexes: readonly number[]): Removal | undefined {
    const { entry } = batch;
    const pending = this.#pending.get(entry.key);
    if (!pending) return undefined;
    pending.open -= indexes.length;
    if (pending.open === 0) {
      this.#pending.delete(entry.key);
      for (const done of pending.done?.values() ?? []) this.#dirty.delete(done);
      return { key: entry.key, pushes: pending.uncounted };
    }
    const done = doneOf(pending, entry);
    for (const index of indexes) setBit(done.bits, placeOf(batch, index));
    done.more += indexes.length;
    this.#dirty.add(done);
    return undefined;
  }

  get hasProgress(): boolean {
    return this.#dirty.size > 0;
  }

  /** What the file does not know yet of requests that go on. */
  progress(): Progress[] {
    return [...this.#dirty].map(({ of, notification, bits, more }) => ({
      key: of.key,
      notification,
      done: bits,
      more,
    }));
  }

  /** The last `progress()` is in the file; nothing was settled since. */
  wrote(progress: readonly Progress[]): void {
    if (progress.length === 0) return;
    for (const done of this.#dirty) {
      done.of.uncounted -= done.more;
      done.more = 0;
    }
    this.#dirty.clear();
  }
}

function doneOf(pending: Pending, { index, groups }: QueueEntry): Done {
  pending.done ??= new Map();
  let done = pending.done.get(index);
  if (!done) {
    done = { of: pending, notification: index, bits: newBits(targetCount(groups)), more: 0 };
    pending.done.set(index, done);
  }
  return done;
}
