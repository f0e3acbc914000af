import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setBits } from './bits.ts';

/** An accepted request as the file keeps it. */
export interface JournalRecord {
  readonly key: number;
  readonly id: string;
  readonly app: string;
  /** UNIX milliseconds. */
  readonly acceptedAt: number;
  /** Targets of all its notifications. */
  readonly pushes: number;
  /** The request as received: `{"notifications": [...]}`. */
  readonly body: Uint8Array;
  /** Settled targets, a bit for each place, by index of the notification. */
  readonly done: ReadonlyMap<number, Uint8Array>;
}

export type NewRecord = Omit<JournalRecord, 'done' | 'body'> & { readonly body: Uint8Array | string };

/** A record that is wholly settled: how many of its targets were not counted as settled before. */
export interface Removal {
  readonly key: number;
  readonly pushes: number;
}

export interface Progress {
  readonly key: number;
  readonly notification: number;
  readonly done: Uint8Array;
  /** Targets settled since the last progress of this notification. */
  readonly more: number;
}

/** Sums over the life of the file: `accepted` = `settled` + what the records still hold, or something was lost. */
export interface Totals {
  readonly accepted: number;
  readonly settled: number;
}

/** What the queue needs of its file: all that a test must play when it plays the disk. */
export type RecordStore = Pick<Journal, 'commit' | 'records' | 'close'>;

/** How long a commit waits for a reader (`martlet queue`) to get out of the way; the event loop stands still meanwhile. */
const BUSY_MS = 100;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS request (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, app TEXT NOT NULL, accepted_at INTEGER NOT NULL, pushes INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS progress (
    key INTEGER NOT NULL, notification INTEGER NOT NULL, done BLOB NOT NULL, PRIMARY KEY (key, notification)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS totals (only INTEGER PRIMARY KEY CHECK (only = 1), accepted INTEGER NOT NULL, settled INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO totals VALUES (1, 0, 0);
`;

/**
 * The queue file: SQLite in WAL mode, one record for each accepted request. All changes of one turn of the event loop go into
 * one transaction. Knows records, not notifications.
 */
export class Journal {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteProgress: StatementSync;
  readonly #progress: StatementSync;
  readonly #totals: StatementSync;
  /** Keys with progress rows, so that a record without any (nearly all) is removed by one statement. */
  readonly #withProgress = new Set<number>();

  /**
   * @param sync `full`: each commit is on the disk before it returns (survives a power cut); `normal`: it is with the
   * operating system (survives the process). @throws when the file cannot be opened, or is damaged.
   */
  constructor(path: string, sync: 'normal' | 'full') {
    this.#db = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${sync === 'full' ? 'FULL' : 'NORMAL'}`);
      this.#db.exec(SCHEMA);
      const check = this.#db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
      if (check.quick_check !== 'ok') throw new Error(`the file is damaged: ${check.quick_check}`);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#insert = this.#db.prepare('INSERT INTO request VALUES (?, ?, ?, ?, ?, ?)');
    this.#delete = this.#db.prepare('DELETE FROM request WHERE key = ?');
    this.#deleteProgress = this.#db.prepare('DELETE FROM progress WHERE key = ?');
    this.#progress = this.#db.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?)');
    this.#totals = this.#db.prepare('UPDATE totals SET accepted = accepted + ?, settled = settled + ?');
  }

  /** All or nothing. @throws when it cannot be written; then nothing changed. */
  commit(records: readonly NewRecord[], removals: readonly Removal[], progress: readonly Progress[]): void {
    let accepted = 0;
    let settled = 0;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const { key, id, app, acceptedAt, pushes, body } of records) {
        this.#insert.run(key, id, app, acceptedAt, pushes, typeof body === 'string' ? Buffer.from(body) : body);
        accepted += pushes;
      }
      for (const { key, notification, done, more } of progress) {
        this.#progress.run(key, notification, done);
        settled += more;
      }
      for (const { key, pushes } of removals) {
        this.#delete.run(key);
        if (this.#withProgress.has(key)) this.#deleteProgress.run(key);
        settled += pushes;
      }
      this.#totals.run(accepted, settled);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    for (const { key } of progress) this.#withProgress.add(key);
    for (const { key } of removals) this.#withProgress.delete(key);
  }

  /** Every record, oldest first. */
  *records(): Generator<JournalRecord> {
    const progress = new Map<number, Map<number, Uint8Array>>();
    for (const row of this.#db.prepare('SELECT key, notification, done FROM progress').iterate()) {
      const { key, notification, done } = row as { key: number; notification: number; done: Uint8Array };
      const ofRecord = progress.get(key) ?? new Map();
      progress.set(key, ofRecord.set(notification, done));
      this.#withProgress.add(key);
    }
    for (const row of this.#db.prepare('SELECT * FROM request ORDER BY key').iterate()) {
      const { key, id, app, accepted_at, pushes, body } = row as Record<string, unknown> & { key: number };
      yield {
        key,
        id: id as string,
        app: app as string,
        acceptedAt: accepted_at as number,
        pushes: pushes as number,
        body: body as Uint8Array,
        done: progress.get(key) ?? new Map(),
      };
    }
  }

  totals(): Totals {
    return this.#db.prepare('SELECT accepted, settled FROM totals').get() as unknown as Totals;
  }

  close(): void {
    this.#db.close();
  }
}

/** Targets of a record without a final outcome. */
export const remaining = (record: JournalRecord): number =>
  [...record.done.values()].reduce((left, done) => left - setBits(done), record.pushes);
