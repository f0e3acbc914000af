/**
 * What is not tried again: records that cannot be read, or that were in hand too often when a process ended. They were reported as
 * failed, and stay in the file until an operator releases or drops them (`martlet queue`).
 *
 * A row is kept → released (by `martlet queue release`; the relay takes it up) → gone. Progress of a request stays in its table.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Withdrawal } from '../withdrawal.ts';
import type { DeathTable } from './deaths.ts';
import { eraseTargets } from './erased-targets.ts';
import { readProgress } from './journal-record.ts';

export type AsideReason = 'Unreadable' | 'SetAside';

/** Why, and UNIX milliseconds. */
export interface Aside {
  readonly reason: AsideReason;
  readonly at: number;
}

export interface AsideRecord extends Aside {
  readonly kind: DeathTable;
  readonly key: number;
  readonly id: string;
  readonly app: string;
  /** UNIX milliseconds; 0 for a report. */
  readonly acceptedAt: number;
  /** Targets of all its notifications, and those without an outcome. */
  readonly pushes: number;
  readonly open: number;
  readonly body: Uint8Array;
  readonly trace: string | null;
  readonly deaths: number;
  readonly released: number;
  /** Of a request: settled targets, a bit for each place, by index of the notification. */
  readonly done: ReadonlyMap<number, Uint8Array>;
}

export const ASIDE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS aside (
    kind TEXT NOT NULL, key INTEGER NOT NULL, id TEXT NOT NULL, app TEXT NOT NULL, accepted_at INTEGER NOT NULL, pushes INTEGER NOT NULL,
    open INTEGER NOT NULL, body BLOB NOT NULL, trace TEXT, reason TEXT NOT NULL, deaths INTEGER NOT NULL, at INTEGER NOT NULL,
    released INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, key)
  ) STRICT;
`;

const COLUMNS =
  'kind, key, id, app, accepted_at AS acceptedAt, pushes, open, body, trace, reason, deaths, at, released';

const SOURCE = {
  request: 'accepted_at, pushes, ?, body, trace',
  report: '0, 1, ?, CAST(body AS BLOB), NULL',
} as const;

/** Every row, oldest first; none in a file of a version that set nothing aside. */
export function readAside(db: DatabaseSync): AsideRecord[] {
  if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'aside'").get()) return [];
  const rows = db.prepare(`SELECT ${COLUMNS} FROM aside ORDER BY at, key`).all() as unknown as AsideRecord[];
  const progress = rows.length > 0 ? readProgress(db) : new Map<number, never>();
  return rows.map((row) => ({ ...row, done: (row.kind === 'request' && progress.get(row.key)) || new Map() }));
}

/** The rows that are kept, as a process that owns the file changes them. */
export class AsideTable {
  readonly #db: DatabaseSync;
  readonly #taken: Partial<Record<DeathTable, StatementSync>> = {};

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** 0 when there is none. */
  lastKey(kind: DeathTable): number {
    return Number(this.#db.prepare('SELECT ifnull(max(key), 0) AS last FROM aside WHERE kind = ?').get(kind)?.last);
  }

  /** Asked for now and then while the file is in use. */
  get hasReleased(): boolean {
    return this.#db.prepare('SELECT 1 FROM aside WHERE released = 1').get() !== undefined;
  }

  all(): AsideRecord[] {
    return readAside(this.#db);
  }

  /** Copies a record that is about to be deleted. Within a transaction. @param open targets without an outcome */
  take(kind: DeathTable, key: number, open: number, { reason, at }: Aside): void {
    this.#taken[kind] ??= this.#db.prepare(`
      INSERT INTO aside (kind, key, id, app, accepted_at, pushes, open, body, trace, reason, deaths, at)
      SELECT '${kind}', key, id, app, ${SOURCE[kind]}, ?, ifnull((SELECT deaths FROM ${kind}_death AS d WHERE d.key = ${kind}.key), 0), ?
      FROM ${kind} WHERE key = ?
    `);
    this.#taken[kind].run(open, reason, at, key);
  }

  /** Takes targets out of requests. Within a transaction. */
  erase(withdrawal: Withdrawal): void {
    eraseTargets(this.#db, 'aside', withdrawal);
  }

  /** Keys of an app's reports that hold one of these texts. */
  reportsAbout(app: string, texts: readonly string[]): number[] {
    const find = this.#db.prepare("SELECT key FROM aside WHERE kind = 'report' AND app = ? AND instr(body, ?) > 0");
    return [...new Set(texts.flatMap((text) => find.all(app, Buffer.from(text)).map(({ key }) => Number(key))))];
  }

  drop(kind: DeathTable, key: number): void {
    this.#db.prepare('DELETE FROM aside WHERE kind = ? AND key = ?').run(kind, key);
  }

  /** Rows of another file, with keys of this one. Within a transaction. */
  add(rows: readonly AsideRecord[]): void {
    if (rows.length === 0) return;
    const insert = this.#db.prepare('INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const { kind, key, id, app, acceptedAt, pushes, open, body, trace, reason, deaths, at, released } of rows)
      insert.run(kind, key, id, app, acceptedAt, pushes, open, body, trace, reason, deaths, at, released);
  }

  /** Puts what was released back in its table. Within a transaction. @returns those rows */
  release(): AsideRecord[] {
    const rows = this.all().filter(({ released }) => released === 1);
    this.#db.exec(`
      INSERT INTO request SELECT key, id, app, accepted_at, pushes, body, trace FROM aside WHERE released = 1 AND kind = 'request';
      INSERT INTO report (key, app, id, body) SELECT key, app, id, CAST(body AS TEXT) FROM aside WHERE released = 1 AND kind = 'report';
      DELETE FROM aside WHERE released = 1
    `);
    return rows;
  }
}

/** How long a change waits for the relay that uses the file. */
const BUSY_MS = 5000;

/** What an operator decides, whether a relay uses the file or not. @throws when it cannot be written */
export function changeAside(
  path: string,
  verb: 'release' | 'drop',
  rows: readonly Pick<AsideRecord, 'kind' | 'key'>[],
): void {
  const db = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    db.exec('BEGIN IMMEDIATE');
    for (const { kind, key } of rows) {
      if (verb === 'release') db.prepare('UPDATE aside SET released = 1 WHERE kind = ? AND key = ?').run(kind, key);
      else db.prepare('DELETE FROM aside WHERE kind = ? AND key = ?').run(kind, key);
      if (verb === 'drop' && kind === 'request') db.prepare('DELETE FROM progress WHERE key = ?').run(key);
    }
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
