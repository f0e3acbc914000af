import { setBits } from '../../src/kit/bits.ts';
import type { Deaths, Suspect } from '../../src/queue/file/deaths.ts';
import { withoutTargets } from '../../src/queue/file/erased-targets.ts';
import type { JournalRecord } from '../../src/queue/file/journal-record.ts';
import type { NewRecord } from '../../src/queue/file/new-record.ts';
import type { Adopted, Change, JournalBacklog, RecordStore } from '../../src/queue/file/record-store.ts';
import type { Portion, ReportBacklog, ReportStore, StoredReport } from '../../src/queue/file/report-table.ts';
import type { KeptRequest } from '../../src/queue/queue.ts';
import type { Withdrawal } from '../../src/queue/withdrawal.ts';

interface Kept extends Omit<NewRecord, 'body'> {
  readonly body: Uint8Array;
  readonly done: Map<number, Uint8Array>;
}

/** Deaths as src/queue/file/deaths.ts counts them. */
class MemoryDeaths implements Deaths {
  readonly #rows = new Map<number, { deaths: number; hand: boolean }>();
  readonly #pushesOf: (key: number) => number;

  constructor(pushesOf: (key: number) => number) {
    this.#pushesOf = pushesOf;
  }

  of(key: number): number {
    return this.#rows.get(key)?.deaths ?? 0;
  }

  held(): Suspect[] {
    return [...this.#rows]
      .filter(([, { deaths }]) => deaths >= 2)
      .map(([key, { deaths }]) => ({ key, deaths, pushes: this.#pushesOf(key) }));
  }

  inHand(keys: readonly number[]): void {
    for (const key of keys) this.#set(key, true);
  }

  atRest(keys: readonly number[]): void {
    for (const key of keys) this.#set(key, false);
  }

  died(keys: readonly number[]): void {
    for (const row of this.#rows.values()) if (row.hand) row.deaths++;
    for (const key of keys) if (!this.#rows.has(key)) this.#rows.set(key, { deaths: 1, hand: true });
    for (const row of this.#rows.values()) row.hand = row.deaths < 2;
  }

  stopped(): void {
    for (const [key, row] of this.#rows) {
      row.hand = false;
      if (row.deaths < 2) this.#rows.delete(key);
    }
  }

  forget(key: number): void {
    this.#rows.delete(key);
  }

  #set(key: number, hand: boolean): void {
    const row = this.#rows.get(key);
    if (row) row.hand = hand;
  }
}

/** Reports as src/queue/file/report-table.ts reads them. */
class MemoryReports implements ReportStore {
  readonly rows = new Map<number, StoredReport>();
  readonly #deaths: MemoryDeaths;

  constructor(deaths: MemoryDeaths) {
    this.#deaths = deaths;
  }

  lastKey(): number {
    return Math.max(0, ...this.rows.keys());
  }

  backlogs(): ReportBacklog[] {
    const apps = Map.groupBy(this.#others(), ({ app }) => app);
    return [...apps].map(([app, reports]) => ({
      app,
      entries: reports.length,
      bytes: reports.reduce((sum, { body }) => sum + body.length, 0),
      first: Math.min(...reports.map(({ key }) => key)),
    }));
  }

  from(app: string, key: number, { entries }: Portion): StoredReport[] {
    const reports = this.#others().filter((report) => report.app === app && report.key >= key);
    return reports.sort((a, b) => a.key - b.key).slice(0, entries);
  }

  one(key: number): StoredReport | undefined {
    const report = this.rows.get(key);
    return report && { ...report, deaths: this.#deaths.of(key) };
  }

  #others(): StoredReport[] {
    const all = [...this.rows.values()].map((report) => ({ ...report, deaths: this.#deaths.of(report.key) }));
    return all.filter(({ deaths }) => deaths < 2);
  }
}

/** A queue file that outlives the process of a simulation: what was committed is there for the next. */
export class MemoryFile implements RecordStore {
  accepted = 0;
  settled = 0;
  /** While true every commit fails, as on a full disk. */
  full = false;
  /** Records that were given up. */
  aside = 0;
  readonly deaths = new MemoryDeaths((key) => this.#kept.get(key)?.pushes ?? 0);
  readonly reportDeaths = new MemoryDeaths(() => 1);
  readonly reports = new MemoryReports(this.reportDeaths);
  readonly #kept = new Map<number, Kept>();
  #isOpen = false;

  get size(): number {
    return this.#kept.size;
  }

  /** The next process: one that is still in it has died. */
  opened(): this {
    if (this.#isOpen) {
      this.deaths.died([...this.#kept.keys()]);
      this.reportDeaths.died([...this.reports.rows.keys()]);
    }
    this.#isOpen = true;
    return this;
  }

  commit({ records = [], removals = [], progress = [], reports = [], told = [], reportsAside = [] }: Change): void {
    if (this.full) throw new Error('database or disk is full');
    for (const record of records) {
      this.accepted += record.pushes;
      this.#kept.set(record.key, { ...record, body: Buffer.from(record.body), done: new Map() });
    }
    for (const { key, notification, done, more } of progress) {
      this.settled += more;
      this.#kept.get(key)?.done.set(notification, done.slice());
    }
    for (const { key, pushes, aside } of removals) {
      this.settled += pushes;
      this.#kept.delete(key);
      this.deaths.forget(key);
      if (aside) this.aside++;
    }
    for (const report of reports) this.reports.rows.set(report.key, report);
    for (const key of [...told, ...reportsAside.map((each) => each.key)]) {
      this.reports.rows.delete(key);
      this.reportDeaths.forget(key);
    }
  }

  adopt({ records, reports }: Adopted): void {
    this.commit({ records, reports });
  }

  release(): [] {
    return [];
  }

  lastReport(): number {
    return 0;
  }

  backlog(): JournalBacklog {
    const others = [...this.#kept.values()].filter(({ key }) => this.deaths.of(key) < 2);
    return {
      lastKey: Math.max(0, ...this.#kept.keys()),
      records: others.length,
      pushes: others.reduce((sum, { pushes }) => sum + pushes, 0),
    };
  }

  kept(prefix: string): KeptRequest[] {
    const requests = [...this.#kept.values()].filter(({ id }) => id.startsWith(prefix));
    return requests.map(({ id, pushes, done }) => {
      const settled = [...done.values()].reduce((sum, bits) => sum + setBits(bits), 0);
      return { id, open: pushes - settled };
    });
  }

  erase(withdrawal: Withdrawal, texts: readonly string[]): readonly number[] {
    for (const [key, record] of this.#kept) {
      const text = withoutTargets(record.body, withdrawal);
      if (text !== undefined) this.#kept.set(key, { ...record, body: Buffer.from(text) });
    }
    const about = [...this.reports.rows.values()].filter(({ body }) => texts.some((text) => body.includes(text)));
    for (const { key } of about) this.reports.rows.delete(key);
    return about.map(({ key }) => key);
  }

  scrub(): boolean {
    return true;
  }

  after(key: number): JournalRecord | undefined {
    const [next] = [...this.#kept.keys()]
      .filter((each) => each > key && this.deaths.of(each) < 2)
      .sort((a, b) => a - b);
    return next === undefined ? undefined : this.record(next);
  }

  record(key: number): JournalRecord | undefined {
    const record = this.#kept.get(key);
    return record && { ...record, done: new Map([...record.done].map(([index, bits]) => [index, bits.slice()])) };
  }

  shrink(): boolean {
    return false;
  }
  limitLog(): void {}
  makeRoom(): boolean {
    return true;
  }
  close(): void {
    this.#isOpen = false;
    this.deaths.stopped();
    this.reportDeaths.stopped();
  }
}
