import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type OwnedCost, OwnerRoom } from '../../kit/files/owner-room.ts';
import { openSharedFile } from '../../kit/files/shared-file.ts';
import { inTransaction } from '../../kit/files/sqlite-file.ts';

/** How long opening and each transaction wait for another worker process; the event loop stands still meanwhile. What failed is tried again. */
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
  CREATE INDEX IF NOT EXISTS receipt_app ON receipt (app, until);
  DROP INDEX IF EXISTS receipt_until;
  CREATE INDEX IF NOT EXISTS receipt_told ON receipt (told) WHERE told IS NOT NULL;
  CREATE TABLE IF NOT EXISTS early_verdict (
    provider TEXT NOT NULL, app TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, verdict TEXT NOT NULL,
    PRIMARY KEY (provider, app, id)
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
  readonly app: string;
  readonly id: string;
  readonly verdict: string;
}

/** Bytes that a row takes beside what it is about. None takes less. */
const ROW_BYTES = 300;
const COST = `octet_length(about) + ${ROW_BYTES}`;
const OWNED = `app AS owner, ${COST} AS cost`;

const COLUMNS = 'provider, id, app, since, until, ask, about, verdict';

/** Each app that has receipts, by one look into the index for each. */
const APPS = `
  WITH RECURSIVE each_app (app) AS (
    SELECT min(app) FROM receipt
    UNION ALL SELECT (SELECT min(app) FROM receipt WHERE app > each_app.app) FROM each_app WHERE each_app.app IS NOT NULL
  ) SELECT app FROM each_app WHERE app IS NOT NULL`;

const ownedCost = ({ app, about }: KeptReceipt): OwnedCost => ({
  owner: app,
  cost: Buffer.byteLength(about) + ROW_BYTES,
});

/**
 * Receipts in SQLite, which several processes may share. A row is: waiting → told (`verdict` and `told` are set by the one
 * process that reports it) → deleted. One that was reported and not deleted was cut off by the end of its process.
 */
export class ReceiptFile {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #claim: StatementSync;
  readonly #delete: StatementSync;
  readonly #room: OwnerRoom;

  /** @param path empty: memory. @throws when it cannot be opened */
  constructor(path: string) {
    this.#db = openSharedFile({ path, busyMs: BUSY_MS, openMs: BUSY_MS, prepare: (db) => db.exec(SCHEMA) });
    try {
      this.#room = new OwnerRoom(this.#db, { table: 'receipt', owner: 'app', cost: COST });
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.#insert = this.#db.prepare(
      'INSERT OR IGNORE INTO receipt (provider, id, app, since, until, ask, about) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#claim = this.#db.prepare(
      `UPDATE receipt SET verdict = ?, told = ?, ask = NULL WHERE provider = ? AND app = ? AND id = ? AND told IS NULL RETURNING ${COLUMNS}`,
    );
    this.#delete = this.#db.prepare(`DELETE FROM receipt WHERE provider = ? AND id = ? RETURNING ${OWNED}`);
  }

  /** All or nothing. @returns verdicts that were there before their pushes */
  expect(receipts: readonly KeptReceipt[]): readonly EarlyVerdict[] {
    return inTransaction(this.#db, () => {
      const added = receipts.filter(({ provider, id, app, since, until, ask, about }) => {
        const { changes } = this.#insert.run(provider, id, app, since, until, ask, about);
        return changes > 0;
      });
      this.#room.added(added.map(ownedCost));
      if (!this.#db.prepare('SELECT 1 FROM early_verdict LIMIT 1').get()) return [];
      const take = this.#db.prepare(
        'DELETE FROM early_verdict WHERE provider = ? AND app = ? AND id = ? RETURNING provider, app, id, verdict',
      );
      return receipts.flatMap(({ provider, app, id }) => take.all(provider, app, id) as unknown as EarlyVerdict[]);
    });
  }

  /** The caller that gets the receipt reports the verdict; undefined: there is no such receipt, or another has it. */
  claim({ provider, app, id, verdict }: EarlyVerdict, now: number): ToldReceipt | undefined {
    return this.#claim.get(verdict, now, provider, app, id) as unknown as ToldReceipt | undefined;
  }

  has(provider: string, id: string): boolean {
    return this.#db.prepare('SELECT 1 FROM receipt WHERE provider = ? AND id = ?').get(provider, id) !== undefined;
  }

  /** Keeps a verdict for a push that is not here yet; of more than `most` the oldest of the app that has most goes. */
  keepEarly({ provider, app, id, verdict }: EarlyVerdict, now: number, most: number): void {
    inTransaction(this.#db, () => {
      const keep = this.#db.prepare('INSERT OR REPLACE INTO early_verdict VALUES (?, ?, ?, ?, ?)');
      keep.run(provider, app, id, now, verdict);
      const { count } = this.#db.prepare('SELECT count(*) AS count FROM early_verdict').get() as { count: number };
      if (count <= most) return;
      const largest = 'SELECT app FROM early_verdict GROUP BY app ORDER BY count(*) DESC LIMIT 1';
      const oldest = `SELECT provider, app, id FROM early_verdict WHERE app = (${largest}) ORDER BY at LIMIT 1`;
      this.#db.exec(`DELETE FROM early_verdict WHERE (provider, app, id) IN (${oldest})`);
    });
  }

  /** Receipts to ask about, which are due again `pauseMs(asked)` from now. */
  due(provider: string, app: string, limit: number, pauseMs: (asked: number) => number, now: number): KeptReceipt[] {
    return inTransaction(this.#db, () => {
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
    inTransaction(this.#db, () => {
      const gone = told.flatMap(({ provider, id }) => this.#delete.all(provider, id) as unknown as OwnedCost[]);
      this.#room.removed(gone);
    });
  }

  /** Receipts without a verdict that were given up. */
  forget(provider: string, ids: readonly string[]): KeptReceipt[] {
    const forget = this.#db.prepare(
      `DELETE FROM receipt WHERE provider = ? AND id = ? AND told IS NULL RETURNING ${COLUMNS}`,
    );
    return inTransaction(this.#db, () => this.#removed(ids.flatMap((id) => forget.all(provider, id))));
  }

  /** Forgets those of an app that hold one of these texts, and leaves no byte of them. */
  erase(app: string, texts: readonly string[]): void {
    this.#db.exec('PRAGMA secure_delete = ON');
    try {
      const erase = this.#db.prepare(`DELETE FROM receipt WHERE app = ? AND instr(about, ?) > 0 RETURNING ${COLUMNS}`);
      const gone = inTransaction(this.#db, () => this.#removed(texts.flatMap((text) => erase.all(app, text))));
      if (gone.length > 0) this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.exec('PRAGMA secure_delete = OFF');
    }
  }

  /**
   * Those whose time is over, and while the file is larger than `maxBytes` the ones nearest to it of the app that takes most, so that
   * one app gives up nothing for another; at most `most` of each app.
   */
  expire(now: number, maxBytes: number, most: number): KeptReceipt[] {
    const expire = this.#db.prepare(
      `DELETE FROM receipt WHERE seq IN (SELECT seq FROM receipt WHERE app = ? AND until < ? AND told IS NULL ORDER BY until LIMIT ?) RETURNING ${COLUMNS}`,
    );
    const over = this.#bytes() - maxBytes;
    return inTransaction(this.#db, () => {
      const apps = this.#db.prepare(APPS).all() as unknown as { app: string }[];
      const expired = apps.flatMap(({ app }) => this.#removed(expire.all(app, now, most)));
      const app = over > 0 ? this.#room.largest() : undefined;
      if (app === undefined) return expired;
      const rows = Math.min(most, Math.ceil(over / ROW_BYTES));
      return [...expired, ...this.#removed(expire.all(app, Number.MAX_SAFE_INTEGER, rows))];
    });
  }

  /** Verdicts whose process ended while it reported them: they are now this one's to report. */
  adopt(before: number, now: number): ToldReceipt[] {
    return this.#db
      .prepare(`UPDATE receipt SET told = ? WHERE told IS NOT NULL AND told < ? RETURNING ${COLUMNS}`)
      .all(now, before) as unknown as ToldReceipt[];
  }

  /** Forgets verdicts for pushes that never came. */
  forgetEarly(before: number): void {
    this.#db.prepare('DELETE FROM early_verdict WHERE at < ?').run(before);
  }

  close(): void {
    this.#db.close();
  }

  #removed(rows: readonly unknown[]): KeptReceipt[] {
    const receipts = rows as KeptReceipt[];
    this.#room.removed(receipts.map(ownedCost));
    return receipts;
  }

  #bytes(): number {
    const pragma = (name: string): number => Object.values(this.#db.prepare(`PRAGMA ${name}`).get() as object)[0];
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }
}
