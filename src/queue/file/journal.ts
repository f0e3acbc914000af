import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setBits } from '../../kit/bits.ts';
import type { KeptRequest } from '../queue.ts';
import type { Withdrawal } from '../withdrawal.ts';
import type { Sums } from './bundle.ts';
import type { WrittenBundle } from './bundles.ts';
import { beginRun, DeathRegister, endRun } from './deaths.ts';
import { limitLog, openQueueFile, type PushesFor } from './file-format.ts';
import { makeRoom, scrub, shrink } from './free-pages.ts';
import type { JournalRecord } from './journal-record.ts';
import { takeBundlesApart } from './kept-bundles.ts';
import type { Adopted, Change, JournalBacklog, RecordStore } from './record-store.ts';
import { RecordTable } from './record-table.ts';
import { ReportTable, type StoredReport } from './report-table.ts';
import { type AsideRecord, AsideTable } from './set-aside.ts';

/**
 * The queue file: SQLite in WAL mode, one record for each accepted request. All changes of one turn of the event loop go into
 * one transaction. Knows records, not notifications.
 */
export class Journal implements RecordStore {
  readonly deaths: DeathRegister;
  readonly reportDeaths: DeathRegister;
  readonly reports: ReportTable;
  readonly #records: RecordTable;
  readonly #aside: AsideTable;
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #setSums: StatementSync;
  /** As the file has them: in the row of the sums, or in a bundle. */
  #sums: Sums;
  readonly #sync: 'normal' | 'full';
  #syncing: 'normal' | 'full';

  /**
   * @param sync `full`: new records are on the disk before `commit` returns (they survive a power cut); `normal`: they are with
   * the operating system (they survive the process). @param checkpointPages how long SQLite's log may get.
   * @param pushesFor default: whatever the file says. @throws when the file cannot be opened or is damaged; ConfigError when it holds
   * pushes for others
   */
  constructor(path: string, sync: 'normal' | 'full', checkpointPages = 250, pushesFor?: PushesFor) {
    this.#db = openQueueFile(path, checkpointPages, pushesFor);
    this.#sync = sync;
    this.#syncing = 'normal';
    try {
      takeBundlesApart(this.#db);
      const died = beginRun(this.#db);
      this.deaths = new DeathRegister(this.#db, 'request', died);
      this.reportDeaths = new DeathRegister(this.#db, 'report', died);
      this.#records = new RecordTable(this.#db, this.deaths);
      this.reports = new ReportTable(this.#db, this.reportDeaths);
      this.#aside = new AsideTable(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE');
    this.#end = this.#db.prepare('COMMIT');
    this.#setSums = this.#db.prepare('UPDATE totals SET accepted = ?, settled = ?');
    this.#sums = this.#db.prepare('SELECT accepted, settled FROM totals').get() as unknown as Sums;
  }

  commit(change: Change): void {
    const { records = [], removals = [] } = change;
    // What is set aside is copied by its row.
    if (removals.some(({ aside }) => aside)) this.#takeApart();
    this.#waitForDisk(records.length > 0 ? this.#sync : 'normal');
    this.#sums = this.#transaction(() => this.#write(change));
    this.#records.committed(change);
  }

  adopt({ records, reports, aside }: Adopted): void {
    const progress = records.flatMap(({ key, done }) =>
      [...done].map(([notification, bits]) => ({ key, notification, done: bits, more: setBits(bits) })),
    );
    this.#sums = this.#transaction(() => {
      for (const record of records) this.#records.addAlone(record);
      const pushes = records.reduce((sum, record) => sum + record.pushes, 0);
      const sums = this.#write({ progress, reports }, pushes);
      for (const { key, done } of aside)
        for (const [notification, bits] of done) this.#records.noteProgress(key, notification, bits);
      for (const { key, deaths = 0 } of records) if (deaths > 0) this.deaths.add(key, deaths);
      for (const { key, deaths = 0 } of reports) if (deaths > 0) this.reportDeaths.add(key, deaths);
      this.#aside.add(aside);
      return sums;
    });
    this.#records.committed({ progress });
  }

  release(): AsideRecord[] {
    if (!this.#aside.hasReleased) return [];
    const { accepted, settled } = this.#sums;
    const { rows, sums } = this.#transaction(() => {
      const rows = this.#aside.release();
      const open = rows.reduce((sum, { kind, open }) => sum + (kind === 'request' ? open : 0), 0);
      this.#setSums.run(accepted + open, settled);
      return { rows, sums: { accepted: accepted + open, settled } };
    });
    this.#sums = sums;
    return rows;
  }

  lastReport(): number {
    return this.#aside.lastKey('report');
  }

  /** What is set aside, oldest first. */
  aside(): AsideRecord[] {
    return this.#aside.all();
  }

  /** Another file holds its requests, what is set aside, and these reports. */
  gaveAway(reports: readonly StoredReport[]): void {
    this.#sums = this.#transaction(() => {
      this.#db.exec('DELETE FROM request; DELETE FROM progress; DELETE FROM aside; DELETE FROM request_death;');
      this.#setSums.run(0, 0);
      for (const { key } of reports) this.reports.remove(key);
      return { accepted: 0, settled: 0 };
    });
  }

  #transaction<Result>(work: () => Result): Result {
    this.#records.begin();
    this.#begin.run();
    try {
      const result = work();
      this.#end.run();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** @param more pushes that the file has been given already. @returns the sums after it */
  #write(change: Change, more = 0): Sums {
    const { records = [], removals = [], progress = [], reports = [], told = [], reportsAside = [] } = change;
    let { accepted, settled } = this.#sums;
    accepted += more;
    for (const { pushes } of records) accepted += pushes;
    for (const { key, notification, done, more } of progress) {
      this.#records.noteProgress(key, notification, done);
      settled += more;
    }
    for (const { key, pushes, aside } of removals) {
      if (aside) this.#aside.take('request', key, pushes, aside);
      settled += pushes;
    }
    const sums = { accepted, settled };
    if (!this.#records.change(records, removals, sums)) this.#setSums.run(accepted, settled);
    for (const report of reports) this.reports.add(report);
    for (const { key, aside } of reportsAside) this.#aside.take('report', key, 1, aside);
    for (const key of [...told, ...reportsAside.map(({ key }) => key)]) this.reports.remove(key);
    return sums;
  }

  /** Only new records are worth an fsync: what else is lost in a power cut is a push sent twice. */
  #waitForDisk(sync: 'normal' | 'full'): void {
    if (sync === this.#syncing) return;
    this.#db.exec(`PRAGMA synchronous = ${sync === 'full' ? 'FULL' : 'NORMAL'}`);
    this.#syncing = sync;
  }

  backlog(): JournalBacklog {
    const backlog = this.#records.backlog();
    return { ...backlog, lastKey: Math.max(backlog.lastKey, this.#aside.lastKey('request')) };
  }

  kept(prefix: string): KeptRequest[] {
    return this.#records.kept(prefix);
  }

  erase(withdrawal: Withdrawal, reports: readonly string[]): readonly number[] {
    const about = this.#transaction(() => {
      this.#records.erase(withdrawal);
      this.#setSums.run(this.#sums.accepted, this.#sums.settled);
      this.#aside.erase(withdrawal);
      const about = this.reports.about(withdrawal.app, reports);
      for (const key of about) this.reports.remove(key);
      for (const key of this.#aside.reportsAbout(withdrawal.app, reports)) this.#aside.drop('report', key);
      return about;
    });
    this.#records.committed();
    return about;
  }

  scrub(): boolean {
    return scrub(this.#db);
  }

  after(key: number): JournalRecord | undefined {
    return this.#records.after(key);
  }

  record(key: number): JournalRecord | undefined {
    return this.#records.record(key);
  }

  /** Every record, oldest first. */
  records(): Generator<JournalRecord> {
    return this.#records.all();
  }

  limitLog(pages: number): void {
    limitLog(this.#db, pages);
  }

  shrink(): boolean {
    const old = this.#records.old();
    if (old.length > 0) this.#takeApart(old);
    else if (this.#records.hasSpent) this.#takeApart();
    if (this.#records.hasOld) return true;
    shrink(this.#db);
    return false;
  }

  /** Default: all that share a row. */
  #takeApart(which?: readonly WrittenBundle[]): void {
    this.#transaction(() => {
      if (which) this.#records.takeApart(which, this.#sums);
      else this.#takeAllApart();
    });
    this.#records.committed();
  }

  #takeAllApart(): void {
    this.#records.takeAllApart();
    this.#setSums.run(this.#sums.accepted, this.#sums.settled);
  }

  makeRoom(): boolean {
    if (!makeRoom(this.#db)) return false;
    if (!this.#records.hasSpent) return true;
    this.#takeApart();
    return false;
  }

  /** Says as well that this process has not died. */
  close(): void {
    try {
      this.#transaction(() => {
        // A version that knows of no bundles can go on from here.
        this.#takeAllApart();
        for (const deaths of [this.deaths, this.reportDeaths]) deaths.stopped();
        endRun(this.#db);
      });
    } catch {
      // A disk without room: what it holds is brought back by the next process as after a death.
    }
    this.#db.close();
  }
}
