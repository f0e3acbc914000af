import { newBits, setBit, setBits } from '../../kit/bits.ts';
import { targetCount } from '../../push/targets.ts';
import type { Batch } from '../queue.ts';
import { placeOf } from '../queue.ts';
import type { JournalRecord } from './journal-record.ts';
import type { NewRecord } from './new-record.ts';
import type { Progress, Removal } from './record-store.ts';

/** Settled targets of one notification, a bit for each; `more` of them since progress was written. */
interface Done {
  readonly bits: Uint8Array;
  more: number;
}

/** A request with unsettled targets, and how far it has got. */
interface Pending {
  open: number;
  /** Targets that the file does not count as settled yet. */
  uncounted: number;
  /** By notification; only of requests of more than one push. */
  done: Map<number, Done> | undefined;
}

/** The requests that a file holds records of, by key: what of them is settled, and what of that the file does not know yet. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>();
  readonly #dirty = new Set<number>();

  add({ key, pushes }: Pick<NewRecord, 'key' | 'pushes'>): void {
    this.#pending.set(key, { open: pushes, uncounted: pushes, done: undefined });
  }

  /** A request of an earlier process, of which `open` targets are left. @returns its removal when none is. */
  restore({ key, pushes, done }: JournalRecord, open: number): Removal | undefined {
    const progress = new Map<number, Done>();
    let uncounted = pushes;
    for (const [notification, bits] of done) {
      progress.set(notification, { bits, more: 0 });
      uncounted -= setBits(bits);
    }
    if (open === 0) return { key, pushes: uncounted };
    this.#pending.set(key, { open, uncounted, done: progress });
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
      this.#dirty.delete(entry.key);
      return { key: entry.key, pushes: pending.uncounted };
    }
    pending.done ??= new Map();
    const size = targetCount(entry.groups);
    const done = pending.done.get(entry.index) ?? { bits: newBits(size), more: 0 };
    for (const index of indexes) setBit(done.bits, placeOf(batch, index));
    done.more += indexes.length;
    pending.done.set(entry.index, done);
    this.#dirty.add(entry.key);
    return undefined;
  }

  get hasProgress(): boolean {
    return this.#dirty.size > 0;
  }

  /** What the file does not know yet of requests that go on. */
  progress(): Progress[] {
    return [...this.#dirty].flatMap((key) =>
      [...(this.#pending.get(key)?.done ?? [])]
        .filter(([, { more }]) => more > 0)
        .map(([notification, { bits, more }]) => ({ key, notification, done: bits, more })),
    );
  }

  /** The last `progress()` is in the file. */
  wrote(progress: readonly Progress[]): void {
    for (const { key, notification, more } of progress) {
      const pending = this.#pending.get(key);
      const done = pending?.done?.get(notification);
      if (!pending || !done) continue;
      pending.uncounted -= more;
      done.more -= more;
    }
    if (progress.length > 0) this.#dirty.clear();
  }
}
