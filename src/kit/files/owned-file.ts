/**
 * Whose a file is that a setting names. A database of ours says so by SQLite's application_id (https://www.sqlite.org/fileformat.html,
 * 1.3.15): nothing else is opened for writing, moved or removed, however well its path fits. Files from before there was an id are known
 * by their tables.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../errors.ts';

export interface FileKind {
  /** What it is called in a sentence: `queue file`. */
  readonly name: string;
  /** Four bytes, of this kind alone. */
  readonly id: number;
  /** Its tables, and columns that each had from the beginning. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
}

const HEAD = 'SQLite format 3\0';
const HEAD_BYTES = 100;
const ID_OFFSET = 68;
/** Another process may be making the file just now. */
const WAIT_MS = 2000;

/** @throws ConfigError naming the setting `key` when the file is there and is not one of this kind; then it is as it was */
export function refuseForeignFile(path: string, key: string, kind: FileKind): void {
  const what = foreignness(path, kind);
  if (what !== undefined)
    throw new ConfigError(
      key,
      `${path} ${what} and no ${kind.name} of Martlet: it was not touched; name another file, or move this one away`,
    );
}

/** Whether nothing speaks against a file: it is of this kind, or empty, or not there. */
export const isOwnFile = (path: string, kind: FileKind): boolean => foreignness(path, kind) === undefined;

/** Says whose the file is, before anything is written to it, and in front of its journal: there the id would come too late. */
export function markOwnFile(db: DatabaseSync, { id }: FileKind): void {
  if (applicationId(db) !== id) db.exec(`PRAGMA application_id = ${id}`);
}

/** What it is instead; undefined when it is ours, or nothing yet. */
function foreignness(path: string, kind: FileKind): string | undefined {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there || there.size === 0 || there.isDirectory()) return undefined;
  const head = Buffer.alloc(HEAD_BYTES);
  const size = readHead(path, head);
  if (size < HEAD.length || head.toString('latin1', 0, HEAD.length) !== HEAD) return 'is no SQLite file';
  const id = head.readInt32BE(ID_OFFSET);
  if (id === kind.id) return undefined;
  return id === 0 ? withoutId(path, kind) : 'is the database of another program';
}

function readHead(path: string, into: Buffer): number {
  const file = openSync(path, 'r');
  try {
    return readSync(file, into);
  } finally {
    closeSync(file);
  }
}

/** Of a version that wrote none, or one whose first write is still in the journal. */
function withoutId(path: string, { id, tables }: FileKind): string | undefined {
  const url = pathToFileURL(path);
  // A reader that makes a journal would leave it beside a file that is not ours.
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) url.search = 'immutable=1';
  try {
    const db = new DatabaseSync(url, { readOnly: true, timeout: WAIT_MS });
    try {
      return applicationId(db) === id || hasOnlyOurs(db, tables) ? undefined : 'holds tables of something else';
    } finally {
      db.close();
    }
  } catch {
    return 'is a database that cannot be read';
  }
}

const applicationId = (db: DatabaseSync): unknown => db.prepare('PRAGMA application_id').get()?.application_id;

function hasOnlyOurs(db: DatabaseSync, tables: FileKind['tables']): boolean {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  return names.every(({ name }) => {
    if (name.startsWith('sqlite_')) return true;
    const known = Object.hasOwn(tables, name) ? tables[name] : undefined;
    const columns = db.prepare('SELECT name FROM pragma_table_info(?)').all(name) as { name: string }[];
    return known?.every((column) => columns.some((each) => each.name === column)) === true;
  });
}
