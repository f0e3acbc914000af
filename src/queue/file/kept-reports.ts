import type { Report, StoredReport } from './journal.ts';

/** Failed pushes that the hook has not received yet, on disk, so that a restart can report them. Deleted once reported. */
export interface ReportKeeper {
  /** Returns the entry's key. */
  keep(report: Report): number;
  forget(key: number): void;
  /** Hands over the entries that earlier processes left: at once, and whenever another process's file is taken over. */
  recover(take: (reports: readonly StoredReport[]) => void): void;
}

/** Entries that the next transaction adds to the file, and keys of those that it removes. */
export interface ReportChanges {
  readonly reports: readonly StoredReport[];
  readonly told: readonly number[];
}

/** The reports of one queue file. What is kept and forgotten within a turn of the event loop never reaches the file. */
export class KeptReports implements ReportKeeper {
  readonly #changed: () => void;
  readonly #unwritten = new Map<number, StoredReport>();
  #told: number[] = [];
  #left: StoredReport[] = [];
  #take: ((reports: readonly StoredReport[]) => void) | undefined;
  #nextKey = 1;

  /** @param changed called when there is something to write. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  keep({ app, id, body }: Report): number {
    const key = this.#nextKey++;
    this.#unwritten.set(key, { key, app, id, body });
    this.#changed();
    return key;
  }

  forget(key: number): void {
    if (!this.#unwritten.delete(key)) this.#told.push(key);
    this.#changed();
  }

  recover(take: (reports: readonly StoredReport[]) => void): void {
    this.#take = take;
    this.restore([]);
  }

  /** Entries that are in the file already. */
  restore(reports: readonly StoredReport[]): void {
    this.#left.push(...reports);
    for (const { key } of reports) this.#nextKey = Math.max(this.#nextKey, key + 1);
    if (!this.#take || this.#left.length === 0) return;
    this.#take(this.#left);
    this.#left = [];
  }

  /** The entries of another file, with keys of this one. */
  renumbered(reports: readonly StoredReport[]): StoredReport[] {
    return reports.map((report) => ({ ...report, key: this.#nextKey++ }));
  }

  get isWritten(): boolean {
    return this.#unwritten.size === 0 && this.#told.length === 0;
  }

  changes(): ReportChanges {
    return { reports: [...this.#unwritten.values()], told: this.#told };
  }

  /** The last `changes()` are in the file. */
  written(): void {
    this.#unwritten.clear();
    this.#told = [];
  }
}
