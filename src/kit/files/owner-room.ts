import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface OwnerRoomOptions {
  /** Its sums are in `<table>_room`. */
  readonly table: string;
  /** The column that says whose a row is. */
  readonly owner: string;
  /** What a row takes, in SQL. */
  readonly cost: string;
}

/** What a row of an owner took. */
export interface OwnedCost {
  readonly owner: string;
  readonly cost: number;
}

/** Another process may be making the sums just now. */
const MAKING_MS = 10_000;

/** How much of a table's room each owner's rows take, kept in the same SQLite file, so that all processes which share it know. */
export class OwnerRoom {
  readonly #room: string;
  readonly #db: DatabaseSync;
  readonly #add: StatementSync;
  readonly #most: StatementSync;

  /** A file without sums gets them by one look at all of its rows. */
  constructor(db: DatabaseSync, options: OwnerRoomOptions) {
    this.#db = db;
    this.#room = `${options.table}_room`;
    if (!this.#isThere()) this.#make(options);
    this.#add = db.prepare(
      `INSERT INTO ${this.#room} VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET taken = taken + excluded.taken`,
    );
    this.#most = db.prepare(`SELECT owner FROM ${this.#room} ORDER BY taken DESC, owner LIMIT 1`);
  }

  /** Within the transaction that adds the rows. */
  added(rows: Iterable<OwnedCost>): void {
    for (const [owner, cost] of sumsOf(rows)) this.#add.run(owner, cost);
  }

  /** Within the transaction that removes them. */
  removed(rows: readonly OwnedCost[]): void {
    if (rows.length === 0) return;
    for (const [owner, cost] of sumsOf(rows)) this.#add.run(owner, -cost);
    this.#db.exec(`DELETE FROM ${this.#room} WHERE taken <= 0`);
  }

  /** Whose rows take most; undefined: there are none. */
  largest(): string | undefined {
    return (this.#most.get() as { owner: string } | undefined)?.owner;
  }

  /** It has no rows after all: a process of a version that kept no sums removed them. */
  forget(owner: string): void {
    this.#db.prepare(`DELETE FROM ${this.#room} WHERE owner = ?`).run(owner);
  }

  #isThere(): boolean {
    const tables = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
    return this.#db.prepare(tables).get(this.#room) !== undefined;
  }

  #make({ table, owner, cost }: OwnerRoomOptions): void {
    const db = this.#db;
    const { timeout } = db.prepare('PRAGMA busy_timeout').get() as { timeout: number };
    db.exec(`PRAGMA busy_timeout = ${MAKING_MS}; BEGIN IMMEDIATE`);
    try {
      if (!this.#isThere())
        db.exec(`
          CREATE TABLE ${this.#room} (owner TEXT PRIMARY KEY, taken INTEGER NOT NULL) STRICT, WITHOUT ROWID;
          INSERT INTO ${this.#room} SELECT ${owner}, sum(${cost}) FROM ${table} GROUP BY ${owner};
        `);
      db.exec('COMMIT');
    } finally {
      if (db.isTransaction) db.exec('ROLLBACK');
      db.exec(`PRAGMA busy_timeout = ${timeout}`);
    }
  }
}

function sumsOf(rows: Iterable<OwnedCost>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { owner, cost } of rows) sums.set(owner, (sums.get(owner) ?? 0) + cost);
  return sums;
}
