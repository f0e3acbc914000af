import { renameSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** A file that holds no database, or half of one, though SQLite opened it. */
export class DamagedFile extends Error {}

/** Another process holds a lock of the file for longer than it was waited for. */
export class LockedFile extends Error {
  constructor(path: string, waitedMs: number) {
    super(
      `${path} is locked by another process, for more than ${waitedMs} ms: end what copies it, or has it open in a transaction`,
    );
  }
}

/** The low byte of SQLite's code: the kind of error, without its details. */
const primaryCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff;

/** True when the file itself is broken; everything else may pass. */
export const isDamage = (error: unknown): boolean =>
  error instanceof DamagedFile || primaryCode(error) === SQLITE_CORRUPT || primaryCode(error) === SQLITE_NOTADB;

/** True when room on the disk may help. */
export const isDiskFull = (error: unknown): boolean =>
  primaryCode(error) === SQLITE_FULL || primaryCode(error) === SQLITE_IOERR;

/** True when another connection holds the lock. */
export const isBusy = (error: unknown): boolean => error instanceof LockedFile || primaryCode(error) === SQLITE_BUSY;

/** All of a work or, where it throws, none of it. */
export function inTransaction<Result>(db: DatabaseSync, work: () => Result): Result {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back some by itself.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Moves a file that cannot be read out of the way, whole; returns its new name. */
export function setAside(path: string, now: Date): string {
  const name = `${path}.damaged-${now.toISOString().replaceAll(':', '-')}`;
  renameSync(path, name);
  for (const part of ['-wal', '-shm']) {
    try {
      renameSync(path + part, name + part);
    } catch {
      // Not every file has them.
    }
  }
  return name;
}
