import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setBits } from '../../kit/bits.ts';
import type { KeptRequest } from '../queue.ts';
import type { Withdrawal } from '../withdrawal.ts';
import type { Sums } from './bundle.ts';
import { BUNDLE_SCHEMA, BundleTable } from './bundle-table.ts';
import type { WrittenBundle } from './bundles.ts';
import { type DeathRegister, notHeld } from './deaths.ts';
import { eraseTargets } from './erased-targets.ts';
import { type JournalRecord, type RequestRow, readRecords, recordOf } from './journal-record.ts';
import type { NewRecord } from './new-record.ts';
import { INSERT_RECORD, rowOf } from './record-check.ts';
import type { Change, JournalBacklog, Removal } from './record-store.ts';

export const RECORD_SCHEMA = `
  CREATE TABLE IF NOT EXISTS request (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, app TEXT NOT NULL, accepted_at INTEGER NOT NULL, pushes INTEGER NOT NULL,
    body BLOB NOT NULL, trace TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS progress (
    key INTEGER NOT NULL, notification INTEGER NOT NULL, done BLOB NOT NULL, PRIMARY KEY (key, notification)
  ) STRICT, WITHOUT ROWID;
  ${BUNDLE_SCHEMA}
`;

/** A file of a version that traced nothing. */
export function completeRecords(db: DatabaseSync): void {
  const columns = db.prepare('PRAGMA table_info(request)').all() as unknown as { name: string }[];
  if (!columns.some(({ name }) => name === 'trace')) db.exec('ALTER TABLE request ADD COLUMN trace TEXT');
}

/** The requests of a queue file and how far each has got, as the process that owns it reads and changes them. */
export class RecordTable {
  readonly #db: DatabaseSync;
  readonly #deaths: DeathRegister;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteProgress: StatementSync;
  readonly #progress: StatementSync;
  /** Of reading what an earlier process left. */
  #next: StatementSync | undefined;
  #progressOf: StatementSync | undefined;
  /** Keys with progress rows, so that a record without any (nearly all) is removed by one statement. */
  readonly #withProgress = new Set<number>();
  readonly #bundles: BundleTable;

  constructor(db: DatabaseSync, deaths: DeathRegister) {
    this.#db = db;
    this.#deaths = deaths;
    this.#insert = db.prepare(INSERT_RECORD);
    this.#delete = db.prepare('DELETE FROM request WHERE key = ?');
    this.#deleteProgress = db.prepare('DELETE FROM progress WHERE key = ?');
    this.#progress = db.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?)');
    this.#bundles = new BundleTable(db, (record) => this.addAlone(record));
  }

  /** A transaction begins; it ends with `committed`, or is rolled back. */
  begin(): void {
    this.#bundles.begin();
  }

  addAlone(record: NewRecord): void {
    this.#insert.run(...rowOf(record));
  }

  noteProgress(key: number, notification: number, done: Uint8Array): void {
    this.#progress.run(key, notification, done);
  }

  /**
   * Within a transaction, as what follows is. Small ones share a row. How far those that are set aside had got is still wanted.
   * @returns whether the sums are in the file with it
   */
  change(records: readonly NewRecord[], removals: readonly Removal[], sums: Sums): boolean {
    const { alone, others, hasSums } = this.#bundles.change(records, removals, sums);
    for (const record of alone) this.addAlone(record);
    for (const { key, aside } of others) {
      this.#delete.run(key);
      this.#deaths.forget(key);
      if (!aside && this.#withProgress.has(key)) this.#deleteProgress.run(key);
    }
    return hasSums;
  }

  /** What a transaction has changed is in the file: which records have progress rows from now on. */
  committed({ progress = [], removals = [] }: Pick<Change, 'progress' | 'removals'> = {}): void {
    for (const { key } of progress) this.#withProgress.add(key);
    for (const { key } of removals) this.#withProgress.delete(key);
    this.#bundles.committed();
  }

  /** Gives those that share a row one of their own. */
  takeApart(which: readonly WrittenBundle[], sums: Sums): void {
    this.#bundles.takeApart(which, sums);
  }

  /** So that no rows are shared any more. The sums have to be written elsewhere. */
  takeAllApart(): void {
    this.#bundles.clear();
  }

  /** What is to be taken apart next; to be asked every half second, and in a later turn as long as `hasOld`. */
  old(): readonly WrittenBundle[] {
    return this.#bundles.old();
  }

  get hasOld(): boolean {
    return this.#bundles.hasOld;
  }

  /** There are rows to share, and nothing shares them. */
  get hasSpent(): boolean {
    return this.#bundles.isSpent;
  }

  /** Takes targets out of every request. Takes all apart. */
  erase(withdrawal: Withdrawal): void {
    this.takeAllApart();
    eraseTargets(this.#db, 'request', withdrawal);
  }

  /** Without what is held back. */
  backlog(): JournalBacklog {
    const sums = 'count(*) AS records, ifnull(sum(pushes), 0) AS pushes';
    const which = this.#deaths.isEmpty ? '' : `WHERE ${notHeld('request')}`;
    const row = this.#db.prepare(`SELECT ${sums} FROM request ${which}`).get();
    const { records, pushes } = row as unknown as Pick<JournalBacklog, 'records' | 'pushes'>;
    const last = this.#db.prepare('SELECT ifnull(max(key), 0) AS key FROM request').get();
    return { lastKey: Number(last?.key), records, pushes: pushes - this.#settled(which) };
  }

  /** Targets of the records that `which` chooses. */
  #settled(which: string): number {
    const progress = this.#db.prepare(`SELECT done FROM progress WHERE key IN (SELECT key FROM request ${which})`);
    let settled = 0;
    for (const { done } of progress.iterate() as Iterable<unknown> as Iterable<{ done: Uint8Array }>)
      settled += setBits(done);
    return settled;
  }

  /** The requests whose ids begin so. Reads the whole table. */
  kept(prefix: string): KeptRequest[] {
    const done = new Map<number, number>();
    const progress = this.#db.prepare('SELECT key, done FROM progress').iterate();
    for (const row of progress as Iterable<unknown> as Iterable<{ key: number; done: Uint8Array }>)
      done.set(row.key, (done.get(row.key) ?? 0) + setBits(row.done));
    const find = this.#db.prepare("SELECT key, id, pushes FROM request WHERE substr(id, 1, ?) = ? AND id <> ''");
    const rows = find.all(prefix.length, prefix) as unknown as Pick<RequestRow, 'key' | 'id' | 'pushes'>[];
    const bundled = [...this.#bundles.open()].filter(({ id }) => id.startsWith(prefix));
    return [
      ...rows.map(({ key, id, pushes }) => ({ id, open: pushes - (done.get(key) ?? 0) })),
      ...bundled.map(({ id }) => ({ id, open: 1 })),
    ];
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
  *all(): Generator<JournalRecord> {
    const deaths = new Map<number, number>();
    for (const row of this.#db.prepare('SELECT key, deaths FROM request_death').all())
      deaths.set(Number(row.key), Number(row.deaths));
    for (const record of readRecords(this.#db)) {
      if (record.done.size > 0) this.#withProgress.add(record.key);
      const count = deaths.get(record.key);
      yield count === undefined ? record : { ...record, deaths: count };
    }
  }
}
