import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { makePrivateFile } from '../kit/files/private-file.ts';

/** How long a transaction waits for that of another worker process; the event loop stands still meanwhile. */
const BUSY_MS = 20;
/** How far SQLite's log may grow between two looks. */
const LOG_BYTES = 4 * 1024 * 1024;

// `normal` in WAL mode: no fsync for a commit; a power cut loses the last receipts and never the file.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA journal_size_limit = ${LOG_BYTES};
  CREATE TABLE IF NOT EXISTS receipt (
    seq INTEGER PRIMARY KEY, provider TEXT NOT NULL, id TEXT NOT NULL, app TEXT NOT NULL, since INTEGER NOT NULL,
    until INTEGER NOT NULL, ask INTEGER, asked INTEGER NOT NULL DEFAULT 0, about TEXT NOT NULL, verdict TEXT, told INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS receipt_id ON receipt (provider, id);
  CREATE INDEX IF NOT EXISTS receipt_ask ON receipt (provider, app, ask) WHERE ask IS NOT NULL;
  CREATE INDEX IF NOT EXISTS receipt_until ON receipt (until);
  CREATE INDEX IF NOT EXISTS receipt_told ON receipt (told) WHERE told IS NOT NULL;
  CREATE TABLE IF NOT EXISTS early (
    provider TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, verdict TEXT NOT NULL, PRIMARY KEY (provider, id)
  ) STRICT, WITHOUT ROWID;
`;

/** A receipt as it is kept. Times are UNIX milliseconds. */
export interface KeptReceipt {
  readonly provider: string;
  readonly id: string;
  readonly app: string;
  readonly since: number;
  readonly until: number;
  /** When to ask; null: the provider calls us. */
  readonly ask: number | null;
  /** What the listeners are given with the verdict, as JSON. */
  readonly about: string;
}

/** A receipt with its verdict, as JSON. */
export interface ToldReceipt extends KeptReceipt {
  readonly verdict: string;
}

export interface EarlyVerdict {
  readonly provider: string;
  readonly id: string;
  readonly verdict: string;
}

const COLUMNS = 'provider, id, app, since, until, ask, about, verdict';

/**
 * Receipts in SQLite, which several processes may share. A row is: waiting → told (`verdict` and `told` are set by the one
 * process that reports it) → deleted. One that was reported and not deleted was cut off by the end of its process.
 */
export class ReceiptFile {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #claim: StatementSync;
  readonly #delete: StatementSync;

  /** @param path empty: memory. @throws when it cannot be opened */
  constructor(path: string) {
    if (path !== '') makePrivateFile(path);
    this.#db = new DatabaseSync(path === '' ? ':memory:' : path, { timeout: BUSY_MS });
    try {
      this.#db.exec(SCHEMA);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#insert = this.#db.prepare(
      'INSERT OR IGNORE INTO receipt (provider, id, app, since, until, ask, about) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#claim = this.#db.prepare(
      `UPDATE receipt SET verdict = ?, told = ?, ask = NULL WHERE provider = ? AND id = ? AND told IS NULL RETURNING ${COLUMNS}`,
    );
    this.#delete = this.#db.prepare('DELETE FROM receipt WHERE provider = ? AND id = ?');
  }

  /** All or nothing. @returns verdicts that were there before their pushes */
  expect(receipts: readonly KeptReceipt[]): readonly EarlyVerdict[] {
    return this.#transaction(() => {
      for (const { provider, id, app, since, until, ask, about } of receipts)
        this.#insert.run(provider, id, app, since, until, ask, about);
      if (!this.#db.prepare('SELECT 1 FROM early LIMIT 1').get()) return [];
      const take = this.#db.prepare('DELETE FROM early WHERE provider = ? AND id = ? RETURNING provider, id, verdict');
      return receipts.flatMap(({ provider, id }) => take.all(provider, id) as unknown as EarlyVerdict[]);
    });
  }

  /** The caller that gets the receipt reports the verdict; undefined: there is no such receipt, or another has it. */
  claim({ provider, id, verdict }: EarlyVerdict, now: number): ToldReceipt | undefined {
    return this.#claim.get(verdict, now, provider, id) as unknown as ToldReceipt | undefined;
  }

  has(provider: string, id: string): boolean {
    return this.#db.prepare('SELECT 1 FROM receipt WHERE provider = ? AND id = ?').get(provider, id) !== undefined;
  }

  /** Keeps a verdict for a push that is not here yet; of more than `most` the oldest go. */
  keepEarly({ provider, id, verdict }: EarlyVerdict, now: number, most: number): void {
    this.#transaction(() => {
      this.#db.prepare('INSERT OR REPLACE INTO early VALUES (?, ?, ?, ?)').run(provider, id, now, verdict);
      const { count } = this.#db.prepare('SELECT count(*) AS count FROM early').get() as { count: number };
      if (count > most)
        this.#db
          .prepare('DELETE FROM early WHERE at <= (SELECT at FROM early ORDER BY at LIMIT 1 OFFSET ?)')
          .run(count - most - 1);
    });
  }

  /** Receipts to ask about, which are due again `pauseMs(asked)` from now. */
  due(provider: string, app: string, limit: number, pauseMs: (asked: number) => number, now: number): KeptReceipt[] {
    return this.#transaction(() => {
      const rows = this.#db
        .prepare(
          `SELECT seq, asked, ${COLUMNS} FROM receipt WHERE provider = ? AND app = ? AND ask <= ? ORDER BY ask LIMIT ?`,
        )
        .all(provider, app, now, limit) as unknown as (KeptReceipt & { seq: number; asked: number })[];
      const later = this.#db.prepare('UPDATE receipt SET ask = ?, asked = ? WHERE seq = ?');
      for (const { seq, asked } of rows) later.run(Math.round(now + pauseMs(asked + 1)), asked + 1, seq);
      return rows;
    });
  }

  /** Apps with receipts that are asked about. */
  apps(provider: string): string[] {
    const rows = this.#db
      .prepare('SELECT DISTINCT app FROM receipt WHERE provider = ? AND ask IS NOT NULL')
      .all(provider);
    return rows.map(({ app }) => String(app));
  }

  /** Providers with receipts. */
  providers(): string[] {
    return this.#db
      .prepare('SELECT DISTINCT provider FROM receipt')
      .all()
      .map(({ provider }) => String(provider));
  }

  /** Forgets what was reported. */
  delete(told: readonly Pick<KeptReceipt, 'provider' | 'id'>[]): void {
    this.#transaction(() => {
      for (const { provider, id } of told) this.#delete.run(provider, id);
    });
  }

  /** Receipts without a verdict that were given up. */
  forget(provider: string, ids: readonly string[]): KeptReceipt[] {
    const forget = this.#db.prepare(
      `DELETE FROM receipt WHERE provider = ? AND id = ? AND told IS NULL RETURNING ${COLUMNS}`,
    );
    return this.#transaction(() => ids.flatMap((id) => forget.all(provider, id) as unknown as KeptReceipt[]));
  }

  /** Those whose time is over, and the ones nearest to it while the file is larger than `maxBytes`; at most `most`. */
  expire(now: number, maxBytes: number, most: number): KeptReceipt[] {
    const before = this.#bytes() > maxBytes ? Number.MAX_SAFE_INTEGER : now;
    const expire = this.#db.prepare(
      `DELETE FROM receipt WHERE seq IN (SELECT seq FROM receipt WHERE until < ? AND told IS NULL ORDER BY until LIMIT ?) RETURNING ${COLUMNS}`,
    );
    return expire.all(before, most) as unknown as KeptReceipt[];
  }

  /** Verdicts whose process ended while it reported them: they are now this one's to report. */
  adopt(before: number, now: number): ToldReceipt[] {
    return this.#db
      .prepare(`UPDATE receipt SET told = ? WHERE told IS NOT NULL AND told < ? RETURNING ${COLUMNS}`)
      .all(now, before) as unknown as ToldReceipt[];
  }

  /** Forgets verdicts for pushes that never came. */
  forgetEarly(before: number): void {
    this.#db.prepare('DELETE FROM early WHERE at < ?').run(before);
  }

  close(): void {
    this.#db.close();
  }

  #bytes(): number {
    const pragma = (name: string): number => Object.values(this.#db.prepare(`PRAGMA ${name}`).get() as object)[0];
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
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
}
