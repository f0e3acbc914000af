import { ASIDE_FROM, type Deaths, HELD_FROM } from './deaths.ts';
import type { ReportAside } from './record-store.ts';
import type { Portion, Report, ReportBacklog, ReportStore, StoredReport } from './report-table.ts';
import type { AsideReason } from './set-aside.ts';
import { Trials } from './trials.ts';

/** What becomes of reports that earlier processes left. */
export interface Recovered {
  /** They are in the file: `from` reads them. */
  left(backlog: ReportBacklog): void;
  /** One that comes by itself: it was held back, or set aside and released. False: there is no memory for it now, and nothing happened. */
  take(report: StoredReport): boolean;
  /** It is not sent any more: too many processes ended while they had it in hand. It is kept aside. */
  gaveUp(report: StoredReport): void;
}

/** Failed pushes that the hook has not received yet, on disk, so that a restart can report them. Deleted once reported. */
export interface ReportKeeper {
  /** Returns the entry's key, which is greater than all before. */
  keep(report: Report): number;
  forget(key: number): void;
  /** It cannot be sent: it stays in the file, for an operator. */
  setAside(key: number, reason: AsideReason): void;
  /** An entry that was handed over with deaths (deaths.ts) is being sent now; it is not any more. */
  taken(key: number): void;
  returned(key: number): void;
  /** What is kept of an app from this key on, oldest first, without what is held back. */
  from(app: string, key: number, portion: Portion): StoredReport[];
  /** Bytes that the disk has left. */
  room(): number;
  /** Hands over the entries that earlier processes left: at once, and whenever another process's file is taken over. */
  recover(recovered: Recovered): void;
}

/** Entries that the next transaction adds to the file, and keys of those that it removes. */
export interface ReportChanges {
  readonly reports: readonly StoredReport[];
  readonly told: readonly number[];
  readonly reportsAside: readonly ReportAside[];
}

export interface KeptReportsOptions {
  readonly file: ReportStore;
  readonly deaths: Deaths;
  /** Called when there is something to write. */
  readonly changed: () => void;
  /** Writes it at once. */
  readonly write: () => void;
  /** Bytes that the disk has left; default: any number. */
  readonly room?: () => number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** The reports of one queue file. What is kept and forgotten within a turn of the event loop never reaches the file. */
export class KeptReports implements ReportKeeper {
  readonly #options: KeptReportsOptions;
  readonly #unwritten = new Map<number, StoredReport>();
  #told: number[] = [];
  #aside: ReportAside[] = [];
  #left: ReportBacklog[] = [];
  #released: StoredReport[] = [];
  readonly #trials: Trials;
  #recovered: Recovered | undefined;
  #nextKey = 1;

  constructor(options: KeptReportsOptions) {
    this.#options = options;
    const { deaths, write } = options;
    this.#trials = new Trials({ deaths, begin: ({ key, deaths }) => this.#tryOne(key, deaths), write });
  }

  /** What the file held when it was opened. @param lastAside the greatest key of what is set aside */
  begin(lastAside: number): void {
    const { file, deaths } = this.#options;
    this.#nextKey = Math.max(lastAside, file.lastKey()) + 1;
    this.#left = file.backlogs();
    this.#trials.add(deaths.held());
  }

  keep({ app, id, body }: Report): number {
    const key = this.newKey();
    this.#unwritten.set(key, { key, app, id, body });
    this.#options.changed();
    return key;
  }

  forget(key: number): void {
    if (!this.#unwritten.delete(key)) this.#told.push(key);
    this.#trials.gone(key);
    this.#trials.roomWasMade();
    if (this.#released.length > 0) this.#handOver();
    this.#options.changed();
  }

  setAside(key: number, reason: AsideReason): void {
    const { now = Date.now, changed } = this.#options;
    this.#aside.push({ key, aside: { reason, at: now() } });
    this.#trials.gone(key);
    changed();
  }

  taken(key: number): void {
    this.#trials.taken(key, 1);
  }

  returned(key: number): void {
    this.#trials.returned(key, 1);
  }

  from(app: string, key: number, portion: Portion): StoredReport[] {
    const written = this.#options.file.from(app, key, portion);
    const unwritten = [...this.#unwritten.values()].filter((report) => report.app === app && report.key >= key);
    if (unwritten.length === 0) return written;
    return [...written, ...unwritten].sort((a, b) => a.key - b.key).slice(0, portion.entries);
  }

  /** They are deleted from the file: they are not brought back. @param texts of which one is in each report that is not there yet */
  erased(keys: readonly number[], app: string, texts: readonly string[]): void {
    for (const key of keys) this.#trials.gone(key);
    for (const [key, report] of this.#unwritten)
      if (report.app === app && texts.some((text) => report.body.includes(text))) this.#unwritten.delete(key);
    this.#released = this.#released.filter(({ key }) => !keys.includes(key));
  }

  room(): number {
    return this.#options.room?.() ?? Number.POSITIVE_INFINITY;
  }

  recover(recovered: Recovered): void {
    this.#recovered = recovered;
    this.#handOver();
    this.#trials.open();
  }

  /** Entries of another file, which are in this one now. */
  adopted(reports: readonly StoredReport[]): void {
    const held = reports.filter(({ deaths = 0 }) => deaths >= HELD_FROM);
    this.#trials.add(held.map(({ key, deaths = 0 }) => ({ key, deaths, pushes: 1 })));
    this.#left.push(...backlogsOf(reports.filter(({ deaths = 0 }) => deaths < HELD_FROM)));
    this.#handOver();
  }

  /** What an operator has released, which is in the file again. */
  released(keys: readonly number[]): void {
    this.#released.push(...keys.flatMap((key) => this.#options.file.one(key) ?? []));
    this.#handOver();
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

  #handOver(): void {
    const recovered = this.#recovered;
    if (!recovered) return;
    for (const backlog of this.#left.splice(0)) recovered.left(backlog);
    // What finds no room now does when something is forgotten.
    this.#released = this.#released.filter((report) => !recovered.take(report));
  }

  /** False: there is no room for it yet. */
  #tryOne(key: number, deaths: number): boolean {
    const report = this.#options.file.one(key);
    if (!report) this.#trials.gone(key);
    else if (deaths >= ASIDE_FROM) {
      this.#recovered?.gaveUp(report);
      this.setAside(key, 'SetAside');
    } else return this.#recovered?.take(report) ?? true;
    return true;
  }
}

function backlogsOf(reports: readonly StoredReport[]): ReportBacklog[] {
  const byApp = new Map<string, ReportBacklog>();
  for (const { app, key, body } of reports) {
    const { entries, bytes, first } = byApp.get(app) ?? { entries: 0, bytes: 0, first: key };
    byApp.set(app, { app, entries: entries + 1, bytes: bytes + body.length, first: Math.min(first, key) });
  }
  return [...byApp.values()];
}
