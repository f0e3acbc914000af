import type { JournalRecord, NewRecord, Progress, RecordStore, Removal } from '../../src/queue/journal.ts';

interface Kept extends Omit<NewRecord, 'body'> {
  readonly body: Uint8Array;
  readonly done: Map<number, Uint8Array>;
}

/** A queue file that outlives the process of a simulation: what was committed is there for the next. */
export class MemoryFile implements RecordStore {
  accepted = 0;
  settled = 0;
  /** While true every commit fails, as on a full disk. */
  full = false;
  readonly #kept = new Map<number, Kept>();

  get size(): number {
    return this.#kept.size;
  }

  commit(records: readonly NewRecord[], removals: readonly Removal[], progress: readonly Progress[]): void {
    if (this.full) throw new Error('database or disk is full');
    for (const record of records) {
      this.accepted += record.pushes;
      this.#kept.set(record.key, { ...record, body: Buffer.from(record.body), done: new Map() });
    }
    for (const { key, notification, done, more } of progress) {
      this.settled += more;
      this.#kept.get(key)?.done.set(notification, done.slice());
    }
    for (const { key, pushes } of removals) {
      this.settled += pushes;
      this.#kept.delete(key);
    }
  }

  *records(): Generator<JournalRecord> {
    for (const record of [...this.#kept.values()].sort((a, b) => a.key - b.key)) {
      yield { ...record, done: new Map([...record.done].map(([index, bits]) => [index, bits.slice()])) };
    }
  }

  close(): void {}
}
