/**
 * How many processes ended without closing while they had a record in hand. What nearly all starts find is nothing: a row is made for
 * what the file holds when its last process did not close it, and for nothing else.
 *
 * - Without a row: no process has ended since the record was taken.
 * - 1: it was somewhere in memory when one did. The next process brings it back like any other.
 * - 2 or more (`held`): it is brought back after the others, a few at a time (trials.ts), and from now on counts what it was really
 *   in hand for: while it is decoded, and while a lane or a hook has it. A stop in order counts for nothing.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isDiskFull } from '../../kit/files/sqlite-file.ts';

/** A record that is brought back last. */
export interface Suspect {
  readonly key: number;
  readonly deaths: number;
  /** Targets of all its notifications; of a report 1. */
  readonly pushes: number;
}

/** From so many deaths on a record is held back. */
export const HELD_FROM = 2;
/** From so many on it is not tried again. */
export const ASIDE_FROM = 6;

/** Where it is noted what is in hand. */
export interface HandMarks {
  /** These are in hand from now on; noted once it returns, or its promise resolves. It does not reject. */
  inHand(keys: readonly number[]): void | Promise<void>;
  /** They are no longer. */
  atRest(keys: readonly number[]): void;
}

export interface Deaths extends HandMarks {
  /** What is to be brought back last: the fewest deaths first. */
  held(): Suspect[];
}

export type DeathTable = 'request' | 'report';

export const deathSchema = (table: DeathTable): string => `
  CREATE TABLE IF NOT EXISTS ${table}_death (key INTEGER PRIMARY KEY, deaths INTEGER NOT NULL, hand INTEGER NOT NULL) STRICT;
`;

/** A condition of SQL for the records of `table` that are not held back. */
export const notHeld = (table: DeathTable): string =>
  `NOT EXISTS (SELECT 1 FROM ${table}_death AS d WHERE d.key = ${table}.key AND d.deaths >= ${HELD_FROM})`;

/** The deaths of the records of one table of a queue file. */
export class DeathRegister implements Deaths {
  readonly #db: DatabaseSync;
  readonly #table: DeathTable;
  readonly #delete: StatementSync;
  /** No greater key has a row: nearly always there is none, and forgetting a record costs one comparison. */
  #last: number;

  /** @param died the last process that used the file ended without closing it */
  constructor(db: DatabaseSync, table: DeathTable, died: boolean) {
    this.#db = db;
    this.#table = table;
    if (died) this.#count();
    this.#delete = db.prepare(`DELETE FROM ${table}_death WHERE key = ?`);
    this.#last = Number(db.prepare(`SELECT ifnull(max(key), 0) AS last FROM ${table}_death`).get()?.last);
  }

  get isEmpty(): boolean {
    return this.#last === 0;
  }

  held(): Suspect[] {
    if (this.isEmpty) return [];
    const pushes = this.#table === 'request' ? 'pushes' : '1 AS pushes';
    const from = `${this.#table}_death JOIN ${this.#table} USING (key)`;
    return this.#db
      .prepare(`SELECT key, deaths, ${pushes} FROM ${from} WHERE deaths >= ? ORDER BY deaths, key`)
      .all(HELD_FROM) as unknown as Suspect[];
  }

  inHand(keys: readonly number[]): void {
    this.#mark(keys, 1);
  }

  atRest(keys: readonly number[]): void {
    this.#mark(keys, 0);
  }

  /** Of a record of another file, which has a key of this one now. Within a transaction. */
  add(key: number, deaths: number): void {
    this.#db
      .prepare(`INSERT OR REPLACE INTO ${this.#table}_death VALUES (?, ?, ?)`)
      .run(key, deaths, Number(deaths < HELD_FROM));
    this.#last = Math.max(this.#last, key);
  }

  /** The record is done with. Within the transaction that removes it. */
  forget(key: number): void {
    if (key <= this.#last) this.#delete.run(key);
  }

  /** A stop in order: what has survived a process in memory is free of suspicion; what is held back stays so. */
  stopped(): void {
    this.#db.exec(
      `DELETE FROM ${this.#table}_death WHERE deaths < ${HELD_FROM}; UPDATE ${this.#table}_death SET hand = 0 WHERE hand = 1`,
    );
  }

  #count(): void {
    const table = this.#table;
    this.#db.exec(`
      UPDATE ${table}_death SET deaths = deaths + 1 WHERE hand = 1;
      INSERT INTO ${table}_death SELECT key, 1, 1 FROM ${table} WHERE key NOT IN (SELECT key FROM ${table}_death);
      DELETE FROM ${table}_death WHERE key NOT IN (SELECT key FROM ${table});
      UPDATE ${table}_death SET hand = (deaths < ${HELD_FROM})
    `);
  }

  /** On a disk without room it is not counted: the push is more than its suspicion. */
  #mark(keys: readonly number[], hand: 0 | 1): void {
    const list = JSON.stringify(keys);
    try {
      this.#db
        .prepare(`UPDATE ${this.#table}_death SET hand = ? WHERE key IN (SELECT value FROM json_each(?))`)
        .run(hand, list);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }
}

export const RUN_SCHEMA = 'CREATE TABLE IF NOT EXISTS run (only INTEGER PRIMARY KEY CHECK (only = 1)) STRICT;';

/** Notes that a process uses the file. @returns true when the last one did not say that it had closed it */
export function beginRun(db: DatabaseSync): boolean {
  if (db.prepare('SELECT 1 FROM run').get()) return true;
  try {
    db.exec('INSERT INTO run VALUES (1)');
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
  return false;
}

export const endRun = (db: DatabaseSync): void => db.exec('DELETE FROM run');
