import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setBits } from '../../kit/bits.ts';
import { ConfigError } from '../../kit/errors.ts';
import { type FileKind, markOwnFile } from '../../kit/files/owned-file.ts';
import { makePrivateFile } from '../../kit/files/private-file.ts';
import { DamagedFile } from '../../kit/files/sqlite-file.ts';
import type { KeptRequest } from '../queue.ts';
import { beginRun, DeathRegister, type Deaths, deathSchema, endRun, notHeld, RUN_SCHEMA } from './deaths.ts';
import { type JournalRecord, type RequestRow, readRecords, recordOf } from './journal-record.ts';
import { completeReports, REPORT_SCHEMA, type ReportStore, ReportTable, type StoredReport } from './report-table.ts';
import { ASIDE_SCHEMA, type Aside, type AsideRecord, AsideTable } from './set-aside.ts';

export type NewRecord = Omit<JournalRecord, 'done' | 'body'> & { readonly body: Uint8Array | string };

/** A record that is wholly settled, or set aside: how many of its targets were not counted as settled before. */
export interface Removal {
  readonly key: number;
  readonly pushes: number;
  readonly aside?: Aside;
}

export interface Progress {
  readonly key: number;
  readonly notification: number;
  readonly done: Uint8Array;
  /** Targets settled since the last progress of this notification. */
  readonly more: number;
}

/** A report that is not tried again. */
export interface ReportAside {
  readonly key: number;
  readonly aside: Aside;
}

/** What one transaction changes. */
export interface Change {
  readonly records?: readonly NewRecord[];
  readonly removals?: readonly Removal[];
  readonly progress?: readonly Progress[];
  readonly reports?: readonly StoredReport[];
  /** Keys of reports that are no longer wanted. */
  readonly told?: readonly number[];
  readonly reportsAside?: readonly ReportAside[];
}

/** What a file takes over of another one, with keys of its own. */
export interface Adopted {
  readonly records: readonly JournalRecord[];
  readonly reports: readonly StoredReport[];
  readonly aside: readonly AsideRecord[];
}

/** Sums over the life of the file: `accepted` = `settled` + what the records still hold, or something was lost. */
export interface JournalSums {
  readonly accepted: number;
  readonly settled: number;
}

/** What a file holds of earlier processes, without what is held back. `pushes` as accepted. */
export interface JournalBacklog {
  /** No record has a greater key; 0 when there is none. */
  readonly lastKey: number;
  readonly records: number;
  readonly pushes: number;
}

/** What the queue needs of its file: all that a test must play when it plays the disk. */
export type RecordStore = Pick<
  Journal,
  | 'commit'
  | 'backlog'
  | 'kept'
  | 'after'
  | 'record'
  | 'lastReport'
  | 'adopt'
  | 'release'
  | 'shrink'
  | 'makeRoom'
  | 'limitLog'
  | 'close'
> & { readonly deaths: Deaths; readonly reportDeaths: Deaths; readonly reports: ReportStore };

/** How long a commit waits for a reader (`martlet queue`) to get out of the way; the event loop stands still meanwhile. */
const BUSY_MS = 100;

/** `MltQ`. */
export const QUEUE_FILE: FileKind = {
  name: 'queue file',
  id: 0x4d_6c_74_51,
  tables: {
    request: ['key', 'id', 'app', 'accepted_at', 'pushes', 'body'],
    progress: ['key', 'notification', 'done'],
    report: ['key', 'body'],
    totals: ['only', 'accepted', 'settled'],
    run: ['only'],
    request_death: ['key', 'deaths', 'hand'],
    report_death: ['key', 'deaths', 'hand'],
    aside: ['kind', 'key', 'body'],
  },
};

/** Whom the pushes of a file are for: the providers, or simulated ones. SQLite's user_version; 0 is a file that does not say, of an earlier version. */
export type PushesFor = 'providers' | 'sandbox';
export const OWNERS = { providers: 1, sandbox: 2 } as const satisfies Record<PushesFor, number>;

/** Requests are large or short-lived: with pages of this size a large one costs little more than half of what SQLite's 4 KiB cost. */
export const PAGE_BYTES = 16 * 1024;
/** Free pages that a file may have; what is beyond goes back to the disk, so many pages at a time. */
const SPARE_PAGES = 512;
const SHRINK_PAGES = 128;
const FIRST_AID_PAGES = 8;
/** The event loop stands still meanwhile. */
const MAKE_ROOM_MS = 50;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS request (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, app TEXT NOT NULL, accepted_at INTEGER NOT NULL, pushes INTEGER NOT NULL,
    body BLOB NOT NULL, trace TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS progress (
    key INTEGER NOT NULL, notification INTEGER NOT NULL, done BLOB NOT NULL, PRIMARY KEY (key, notification)
  ) STRICT, WITHOUT ROWID;
  ${REPORT_SCHEMA}
  CREATE TABLE IF NOT EXISTS totals (only INTEGER PRIMARY KEY CHECK (only = 1), accepted INTEGER NOT NULL, settled INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO totals VALUES (1, 0, 0);
  ${RUN_SCHEMA} ${deathSchema('request')} ${deathSchema('report')} ${ASIDE_SCHEMA}
`;

/**
 * The queue file: SQLite in WAL mode, one record for each accepted request. All changes of one turn of the event loop go into
 * one transaction. Knows records, not notifications.
 */
export class Journal {
  readonly deaths: DeathRegister;
  readonly reportDeaths: DeathRegister;
  readonly reports: ReportTable;
  readonly #aside: AsideTable;
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteProgress: StatementSync;
  readonly #progress: StatementSync;
  readonly #totals: StatementSync;
  /** Of reading what an earlier process left. */
  #next: StatementSync | undefined;
  #progressOf: StatementSync | undefined;
  readonly #sync: 'normal' | 'full';
  #syncing: 'normal' | 'full';
  /** Keys with progress rows, so that a record without any (nearly all) is removed by one statement. */
  readonly #withProgress = new Set<number>();

  /**
   * @param sync `full`: new records are on the disk before `commit` returns (they survive a power cut); `normal`: they are with
   * the operating system (they survive the process). @param checkpointPages how long SQLite's log may get.
   * @param pushesFor default: whatever the file says. @throws when the file cannot be opened or is damaged; ConfigError when it holds
   * pushes for others
   */
  constructor(path: string, sync: 'normal' | 'full', checkpointPages = 250, pushesFor?: PushesFor) {
    // It holds device tokens and messages.
    makePrivateFile(path);
    this.#db = new DatabaseSync(path, { timeout: BUSY_MS });
    this.#sync = sync;
    this.#syncing = 'normal';
    try {
      this.#db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
      this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL');
      markOwnFile(this.#db, QUEUE_FILE);
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      this.limitLog(checkpointPages);
      this.#db.exec(SCHEMA);
      addMissingColumns(this.#db);
      completeReports(this.#db);
      const check = this.#db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
      if (check.quick_check !== 'ok') throw new DamagedFile(`the file is damaged: ${check.quick_check}`);
      if (pushesFor) claim(this.#db, path, pushesFor);
      const died = beginRun(this.#db);
      this.deaths = new DeathRegister(this.#db, 'request', died);
      this.reportDeaths = new DeathRegister(this.#db, 'report', died);
      this.reports = new ReportTable(this.#db, this.reportDeaths);
      this.#aside = new AsideTable(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#insert = this.#db.prepare('INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#delete = this.#db.prepare('DELETE FROM request WHERE key = ?');
    this.#deleteProgress = this.#db.prepare('DELETE FROM progress WHERE key = ?');
    this.#progress = this.#db.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?)');
    this.#totals = this.#db.prepare('UPDATE totals SET accepted = accepted + ?, settled = settled + ?');
  }

  /** All or nothing. @throws when it cannot be written; then nothing changed. */
  commit(change: Change): void {
    const { records = [], removals = [], progress = [] } = change;
    this.#waitForDisk(records.length > 0 ? this.#sync : 'normal');
    this.#transaction(() => this.#write(change));
    for (const { key } of progress) this.#withProgress.add(key);
    for (const { key } of removals) this.#withProgress.delete(key);
  }

  /** Takes over what another file held. @throws when it cannot be written; then nothing changed. */
  adopt({ records, reports, aside }: Adopted): void {
    const progress = records.flatMap(({ key, done }) =>
      [...done].map(([notification, bits]) => ({ key, notification, done: bits, more: setBits(bits) })),
    );
    this.#transaction(() => {
      this.#write({ records, progress, reports });
      for (const { key, done } of aside)
        for (const [notification, bits] of done) this.#progress.run(key, notification, bits);
      for (const { key, deaths = 0 } of records) if (deaths > 0) this.deaths.add(key, deaths);
      for (const { key, deaths = 0 } of reports) if (deaths > 0) this.reportDeaths.add(key, deaths);
      this.#aside.add(aside);
    });
    for (const { key } of progress) this.#withProgress.add(key);
  }

  /** Takes up what an operator has released. @returns those rows, which are records and reports again */
  release(): AsideRecord[] {
    if (!this.#aside.hasReleased) return [];
    return this.#transaction(() => {
      const rows = this.#aside.release();
      const open = rows.reduce((sum, { kind, open }) => sum + (kind === 'request' ? open : 0), 0);
      if (open > 0) this.#totals.run(open, 0);
      return rows;
    });
  }

  /** No report that is set aside has a greater key. */
  lastReport(): number {
    return this.#aside.lastKey('report');
  }

  /** What is set aside, oldest first. */
  aside(): AsideRecord[] {
    return this.#aside.all();
  }

  /** Another file holds its requests, what is set aside, and these reports. */
  gaveAway(reports: readonly StoredReport[]): void {
    this.#transaction(() => {
      this.#db.exec('DELETE FROM request; DELETE FROM progress; DELETE FROM aside; DELETE FROM request_death;');
      this.#db.exec('UPDATE totals SET accepted = 0, settled = 0');
      for (const { key } of reports) this.reports.remove(key);
    });
  }

  #transaction<Result>(work: () => Result): Result {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #write(change: Change): void {
    const { records = [], removals = [], progress = [], reports = [], told = [], reportsAside = [] } = change;
    let accepted = 0;
    let settled = 0;
    for (const { key, id, app, acceptedAt, pushes, body, trace } of records) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      this.#insert.run(key, id, app, acceptedAt, pushes, bytes, trace ?? null);
      accepted += pushes;
    }
    for (const { key, notification, done, more } of progress) {
      this.#progress.run(key, notification, done);
      settled += more;
    }
    for (const { key, pushes, aside } of removals) {
      if (aside) this.#aside.take('request', key, pushes, aside);
      this.#delete.run(key);
      this.deaths.forget(key);
      if (!aside && this.#withProgress.has(key)) this.#deleteProgress.run(key);
      settled += pushes;
    }
    for (const report of reports) this.reports.add(report);
    for (const { key, aside } of reportsAside) this.#aside.take('report', key, 1, aside);
    for (const key of [...told, ...reportsAside.map(({ key }) => key)]) this.reports.remove(key);
    this.#totals.run(accepted, settled);
  }

  /** Only new records are worth an fsync: what else is lost in a power cut is a push sent twice. */
  #waitForDisk(sync: 'normal' | 'full'): void {
    if (sync === this.#syncing) return;
    this.#db.exec(`PRAGMA synchronous = ${sync === 'full' ? 'FULL' : 'NORMAL'}`);
    this.#syncing = sync;
  }

  backlog(): JournalBacklog {
    const sums = 'count(*) AS records, ifnull(sum(pushes), 0) AS pushes';
    const which = this.deaths.isEmpty ? '' : `WHERE ${notHeld('request')}`;
    const backlog = this.#db.prepare(`SELECT ${sums} FROM request ${which}`).get();
    const last = this.#db.prepare('SELECT ifnull(max(key), 0) AS key FROM request').get();
    const lastKey = Math.max(Number(last?.key), this.#aside.lastKey('request'));
    return { ...(backlog as unknown as JournalBacklog), lastKey };
  }

  /** The requests whose ids begin so. Reads the whole table. */
  kept(prefix: string): KeptRequest[] {
    const done = new Map<number, number>();
    const progress = this.#db.prepare('SELECT key, done FROM progress').iterate();
    for (const row of progress as Iterable<unknown> as Iterable<{ key: number; done: Uint8Array }>)
      done.set(row.key, (done.get(row.key) ?? 0) + setBits(row.done));
    const find = this.#db.prepare('SELECT key, id, pushes FROM request WHERE substr(id, 1, ?) = ?');
    const rows = find.all(prefix.length, prefix) as unknown as Pick<RequestRow, 'key' | 'id' | 'pushes'>[];
    return rows.map(({ key, id, pushes }) => ({ id, open: pushes - (done.get(key) ?? 0) }));
  }

  /** The oldest record with a greater key that is not held back. */
  after(key: number): JournalRecord | undefined {
    this.#next ??= this.#db.prepare(
      `SELECT * FROM request WHERE key > ? AND ${notHeld('request')} ORDER BY key LIMIT 1`,
    );
    return this.#read(this.#next.get(key));
  }

  record(key: number): JournalRecord | undefined {
    return this.#read(this.#db.prepare('SELECT * FROM request WHERE key = ?').get(key));
  }

  #read(found: object | undefined): JournalRecord | undefined {
    const row = found as RequestRow | undefined;
    if (!row) return undefined;
    this.#progressOf ??= this.#db.prepare('SELECT notification, done FROM progress WHERE key = ?');
    const done = new Map<number, Uint8Array>();
    for (const each of this.#progressOf.all(row.key) as unknown as { notification: number; done: Uint8Array }[])
      done.set(each.notification, each.done);
    if (done.size > 0) this.#withProgress.add(row.key);
    return recordOf(row, done);
  }

  /** Every record, oldest first. */
  *records(): Generator<JournalRecord> {
    const deaths = new Map<number, number>();
    for (const row of this.#db.prepare('SELECT key, deaths FROM request_death').all())
      deaths.set(Number(row.key), Number(row.deaths));
    for (const record of readRecords(this.#db)) {
      if (record.done.size > 0) this.#withProgress.add(record.key);
      const count = deaths.get(record.key);
      yield count === undefined ? record : { ...record, deaths: count };
    }
  }

  /** How many pages SQLite's log may have before they are moved into the file. */
  limitLog(pages: number): void {
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
  }

  /** Gives a part of what is free in the file back to the disk, when there is much of it. */
  shrink(): void {
    if (this.#freePages() > SPARE_PAGES) this.#db.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
  }

  /**
   * Gives what is free back to a disk that has no room, in steps so small that they fit into next to nothing.
   * @returns false when there is more to give. @throws when not even that fits.
   */
  makeRoom(): boolean {
    const until = performance.now() + MAKE_ROOM_MS;
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    while (this.#freePages() > 0) {
      if (performance.now() > until) return false;
      this.#db.exec(`PRAGMA incremental_vacuum(${FIRST_AID_PAGES}); PRAGMA wal_checkpoint(TRUNCATE)`);
    }
    return true;
  }

  #freePages(): number {
    return (this.#db.prepare('PRAGMA freelist_count').get() as { freelist_count: number }).freelist_count;
  }

  /** Says as well that this process has not died. */
  close(): void {
    try {
      this.#transaction(() => {
        for (const deaths of [this.deaths, this.reportDeaths]) deaths.stopped();
        endRun(this.#db);
      });
    } catch {
      // A disk without room: what it holds is brought back by the next process as after a death.
    }
    this.#db.close();
  }
}

/**
 * Says whom the pushes are for from now on. What waits for the providers must not end at simulated ones, nor the reverse: a file that
 * does not say is taken to wait for the providers.
 */
function claim(db: DatabaseSync, path: string, pushesFor: PushesFor): void {
  const { user_version: owner } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (owner === OWNERS[pushesFor]) return;
  const held = db
    .prepare(
      'SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM aside) AS requests, (SELECT count(*) FROM report) AS reports',
    )
    .get();
  const { requests, reports } = held as { requests: number; reports: number };
  const isTheirs = pushesFor === 'sandbox' || owner !== 0;
  if (isTheirs && requests + reports > 0)
    throw new ConfigError('queue.local.path', heldForOthers(path, pushesFor, requests, reports));
  db.exec(`PRAGMA user_version = ${OWNERS[pushesFor]}`);
}

function heldForOthers(path: string, pushesFor: PushesFor, requests: number, reports: number): string {
  const what = `${path} holds ${requests} requests and ${reports} reports`;
  return pushesFor === 'sandbox'
    ? `${what} for real providers, which the sandbox would only pretend to send: start with sandbox.enabled: false, or name another file`
    : `${what} that were accepted in sandbox mode and are for no real device: start with sandbox.enabled: true, or name another file`;
}

/** A file of a version that traced nothing. */
function addMissingColumns(db: DatabaseSync): void {
  const columns = db.prepare('PRAGMA table_info(request)').all() as unknown as { name: string }[];
  if (!columns.some(({ name }) => name === 'trace')) db.exec('ALTER TABLE request ADD COLUMN trace TEXT');
}
