import { setBits } from '../../src/kit/bits.ts';
import type {
  Change,
  JournalBacklog,
  JournalRecord,
  NewRecord,
  RecordStore,
  StoredReport,
} from '../../src/queue/file/journal.ts';
import type { KeptRequest } from '../../src/queue/queue.ts';

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
  readonly #reports = new Map<number, StoredReport>();
  readonly #kept = new Map<number, Kept>();

  get size(): number {
    return this.#kept.size;
  }

  commit({ records = [], removals = [], progress = [], reports = [], told = [] }: Change): void {
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
    for (const report of reports) this.#reports.set(report.key, report);
    for (const key of told) this.#reports.delete(key);
  }

  backlog(): JournalBacklog {
    const records = [...this.#kept.values()];
    return {
      lastKey: Math.max(0, ...records.map(({ key }) => key)),
      records: records.length,
      pushes: records.reduce((sum, { pushes }) => sum + pushes, 0),
    };
  }

  kept(prefix: string): KeptRequest[] {
    const requests = [...this.#kept.values()].filter(({ id }) => id.startsWith(prefix));
    return requests.map(({ id, pushes, done }) => {
      const settled = [...done.values()].reduce((sum, bits) => sum + setBits(bits), 0);
      return { id, open: pushes - settled };
    });
  }

  after(key: number): JournalRecord | undefined {
    const [record] = [...this.#kept.values()].filter((each) => each.key > key).sort((a, b) => a.key - b.key);
    return record && { ...record, done: new Map([...record.done].map(([index, bits]) => [index, bits.slice()])) };
  }

  reports(): StoredReport[] {
    return [...this.#reports.values()];
  }

  shrink(): void {}
  limitLog(): void {}
  makeRoom(): boolean {
    return true;
  }
  close(): void {}
}
