import { ASIDE_FROM, type Deaths, HELD_FROM } from './deaths.ts';
import type { Report, ReportAside, StoredReport } from './journal.ts';
import type { AsideReason } from './set-aside.ts';
import { Trials } from './trials.ts';

/** What becomes of reports that earlier processes left. */
export interface Recovered {
  take(reports: readonly StoredReport[]): void;
  /** It is not sent any more: too many processes ended while they had it in hand. It is kept aside. */
  gaveUp(report: StoredReport): void;
}

/** Failed pushes that the hook has not received yet, on disk, so that a restart can report them. Deleted once reported. */
export interface ReportKeeper {
  /** Returns the entry's key. */
  keep(report: Report): number;
  forget(key: number): void;
  /** It cannot be sent: it stays in the file, for an operator. */
  setAside(key: number, reason: AsideReason): void;
  /** An entry that was handed over with deaths (deaths.ts) is being sent now; it is not any more. */
  taken(key: number): void;
  returned(key: number): void;
  /** Hands over the entries that earlier processes left: at once, and whenever another process's file is taken over. */
  recover(recovered: Recovered): void;
}

/** Entries that the next transaction adds to the file, and keys of those that it removes. */
export interface ReportChanges {
  readonly reports: readonly StoredReport[];
  readonly told: readonly number[];
  readonly reportsAside: readonly ReportAside[];
}

/** The reports of one queue file. What is kept and forgotten within a turn of the event loop never reaches the file. */
export class KeptReports implements ReportKeeper {
  readonly #changed: () => void;
  readonly #unwritten = new Map<number, StoredReport>();
  #told: number[] = [];
  #aside: ReportAside[] = [];
  #left: StoredReport[] = [];
  /** Those that are held back, by key. */
  readonly #held = new Map<number, StoredReport>();
  readonly #trials: Trials;
  readonly #now: () => number;
  #recovered: Recovered | undefined;
  #nextKey = 1;

  /** @param changed called when there is something to write. @param write writes it at once. @param now UNIX milliseconds */
  constructor(changed: () => void, write: () => void, deaths: Deaths, now = Date.now) {
    this.#changed = changed;
    this.#now = now;
    this.#trials = new Trials({ deaths, begin: ({ key }) => this.#tryOne(key), write });
  }

  /** No key up to this one is given again. */
  skip(key: number): void {
    this.#nextKey = Math.max(this.#nextKey, key + 1);
  }

  keep({ app, id, body }: Report): number {
    const key = this.#nextKey++;
    this.#unwritten.set(key, { key, app, id, body });
    this.#changed();
    return key;
  }

  forget(key: number): void {
    if (!this.#unwritten.delete(key)) this.#told.push(key);
    this.#trials.gone(key);
    this.#changed();
  }

  setAside(key: number, reason: AsideReason): void {
    this.#aside.push({ key, aside: { reason, at: this.#now() } });
    this.#trials.gone(key);
    this.#changed();
  }

  taken(key: number): void {
    this.#trials.taken(key, 1);
  }

  returned(key: number): void {
    this.#trials.returned(key, 1);
  }

  recover(recovered: Recovered): void {
    this.#recovered = recovered;
    this.restore([]);
    this.#trials.open();
  }

  /** Entries that are in the file already. */
  restore(reports: readonly StoredReport[]): void {
    const held = reports.filter(({ deaths = 0 }) => deaths >= HELD_FROM);
    for (const report of held) this.#held.set(report.key, report);
    for (const report of reports) if (!this.#held.has(report.key)) this.#left.push(report);
    for (const { key } of reports) this.skip(key);
    this.#trials.add(held.map(({ key, deaths = 0 }) => ({ key, deaths, pushes: 1 })));
    if (!this.#recovered || this.#left.length === 0) return;
    this.#recovered.take(this.#left);
    this.#left = [];
  }

  close(): void {
    this.#trials.close();
  }

  /** The entries of another file, with keys of this one. */
  renumbered(reports: readonly StoredReport[]): StoredReport[] {
    return reports.map((report) => ({ ...report, key: this.newKey() }));
  }

  newKey(): number {
    return this.#nextKey++;
  }

  get isWritten(): boolean {
    return this.#unwritten.size === 0 && this.#told.length === 0 && this.#aside.length === 0;
  }

  changes(): ReportChanges {
    return { reports: [...this.#unwritten.values()], told: this.#told, reportsAside: this.#aside };
  }

  /** The last `changes()` are in the file. */
  written(): void {
    this.#unwritten.clear();
    this.#told = [];
    this.#aside = [];
  }

  #tryOne(key: number): boolean {
    const report = this.#held.get(key);
    this.#held.delete(key);
    if (report && (report.deaths ?? 0) >= ASIDE_FROM) {
      this.#recovered?.gaveUp(report);
      this.setAside(key, 'SetAside');
    } else if (report) this.#recovered?.take([report]);
    return true;
  }
}
