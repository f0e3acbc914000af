import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { type DeathRegister, notHeld } from './deaths.ts';

/** A failed push to report to the hook of its app. */
export interface Report {
  readonly app: string;
  /** The id of the report, the same for each attempt. */
  readonly id: string;
  /** The JSON that the hook gets. */
  readonly body: string;
}

export interface StoredReport extends Report {
  readonly key: number;
  /** As of a record (deaths.ts); absent: none. */
  readonly deaths?: number;
}

/** Reports of one app that a file holds, without those that are held back. */
export interface ReportBacklog {
  readonly app: string;
  readonly entries: number;
  /** Characters of all bodies. */
  readonly bytes: number;
  /** No report of it has a lower key. */
  readonly first: number;
}

/** How much is read at a time: at least one report, whatever its size. */
export interface Portion {
  readonly entries: number;
  readonly bytes: number;
}

/** Reading the reports of a file. */
export interface ReportStore {
  /** 0 when there is none. */
  lastKey(): number;
  /** Of each app that has any. */
  backlogs(): ReportBacklog[];
  /** Those of an app with this key or a greater one that are not held back, oldest first. */
  from(app: string, key: number, portion: Portion): StoredReport[];
  one(key: number): StoredReport | undefined;
}

const COLUMNS = `key INTEGER PRIMARY KEY, body TEXT NOT NULL, app TEXT NOT NULL DEFAULT '${DEFAULT_APP}', id TEXT NOT NULL DEFAULT ''`;

export const REPORT_SCHEMA = `CREATE TABLE IF NOT EXISTS report (${COLUMNS}) STRICT;`;

/** A file of a version that knew one hook only has reports without an app; of one that kept none on the shelf, no index. */
export function completeReports(db: DatabaseSync): void {
  const there = new Set(
    db
      .prepare('SELECT name FROM pragma_table_info(?)')
      .all('report')
      .map(({ name }) => name),
  );
  for (const column of COLUMNS.split(', '))
    if (!there.has(column.split(' ')[0] as string)) db.exec(`ALTER TABLE report ADD COLUMN ${column}`);
  db.exec('CREATE INDEX IF NOT EXISTS report_by_app ON report (app, key)');
}

/** A report of a file that knew no ids yet gets one that stays the same. */
const SELECTED = `key, app, iif(id = '', 'report_' || key, id) AS id, body,
  ifnull((SELECT deaths FROM report_death AS d WHERE d.key = report.key), 0) AS deaths`;

/** As many of the rows as a portion has. */
function portionOf(rows: Iterable<unknown>, { entries, bytes }: Portion): StoredReport[] {
  const taken: StoredReport[] = [];
  let characters = 0;
  for (const row of rows as Iterable<StoredReport>) {
    characters += row.body.length;
    if (taken.length > 0 && characters > bytes) break;
    taken.push(row);
    if (taken.length === entries) break;
  }
  return taken;
}

/** The reports of a queue file, as the process that owns it reads and changes them. */
export class ReportTable implements ReportStore {
  readonly #db: DatabaseSync;
  readonly #deaths: DeathRegister;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  /** Of reading what there is no memory for. */
  #from: StatementSync | undefined;

  constructor(db: DatabaseSync, deaths: DeathRegister) {
    this.#db = db;
    this.#deaths = deaths;
    this.#insert = db.prepare('INSERT INTO report (key, app, id, body) VALUES (?, ?, ?, ?)');
    this.#delete = db.prepare('DELETE FROM report WHERE key = ?');
  }

  /** Within a transaction, as `remove` is. */
  add({ key, app, id, body }: StoredReport): void {
    this.#insert.run(key, app, id, body);
  }

  remove(key: number): void {
    this.#delete.run(key);
    this.#deaths.forget(key);
  }

  lastKey(): number {
    return Number(this.#db.prepare('SELECT ifnull(max(key), 0) AS last FROM report').get()?.last);
  }

  backlogs(): ReportBacklog[] {
    const sums = 'app, count(*) AS entries, sum(length(body)) AS bytes, min(key) AS first';
    const which = this.#deaths.isEmpty ? '' : `WHERE ${notHeld('report')}`;
    return this.#db.prepare(`SELECT ${sums} FROM report ${which} GROUP BY app`).all() as unknown as ReportBacklog[];
  }

  from(app: string, key: number, portion: Portion): StoredReport[] {
    this.#from ??= this.#db.prepare(
      `SELECT ${SELECTED} FROM report WHERE app = ? AND key >= ? AND ${notHeld('report')} ORDER BY key`,
    );
    return portionOf(this.#from.iterate(app, key), portion);
  }

  /** Keys of an app's reports that hold one of these texts. */
  about(app: string, texts: readonly string[]): number[] {
    const find = this.#db.prepare('SELECT key FROM report WHERE app = ? AND instr(body, ?) > 0');
    return [...new Set(texts.flatMap((text) => find.all(app, text).map(({ key }) => Number(key))))];
  }

  one(key: number): StoredReport | undefined {
    return this.#db.prepare(`SELECT ${SELECTED} FROM report WHERE key = ?`).get(key) as StoredReport | undefined;
  }

  /** The oldest of all apps, those that are held back included. */
  oldest(portion: Portion): StoredReport[] {
    return portionOf(this.#db.prepare(`SELECT ${SELECTED} FROM report ORDER BY key`).iterate(), portion);
  }
}
