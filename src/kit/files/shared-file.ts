import { DatabaseSync } from 'node:sqlite';
import { makePrivateFile } from './private-file.ts';
import { isBusy, LockedFile } from './sqlite-file.ts';

/** Several processes that start at once make the file one after another; the event loop stands still meanwhile. */
const OPEN_MS = 5000;
const PAUSE_MS = 5;

export interface SharedFileOptions {
  /** Empty: memory. Its folder is made. */
  readonly path: string;
  /** How long a statement waits for another process, once the file is open. */
  readonly busyMs: number;
  /** How long opening does. */
  readonly openMs?: number;
  /** Makes what is not there yet. Done again where another process was in the way, and so the same however often it is done. */
  readonly prepare: (db: DatabaseSync) => void;
}

/**
 * Opens a database that other processes may open, and make, at the same moment. SQLite waits for most locks by itself, and for some not:
 * a switch to the write-ahead log reads first and then writes, and fails at once while another connection writes, which may wait for that
 * reader (https://www.sqlite.org/c3ref/busy_handler.html).
 * @throws LockedFile when another process holds it for too long; what `prepare` throws
 */
export function openSharedFile({ path, busyMs, openMs = OPEN_MS, prepare }: SharedFileOptions): DatabaseSync {
  if (path !== '') makePrivateFile(path);
  const db = new DatabaseSync(path === '' ? ':memory:' : path, { timeout: openMs });
  try {
    const end = performance.now() + openMs;
    while (!isPrepared(db, prepare)) {
      if (performance.now() >= end) throw new LockedFile(path, openMs);
      standStill(PAUSE_MS * (1 + Math.random()));
    }
    db.exec(`PRAGMA busy_timeout = ${busyMs}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function isPrepared(db: DatabaseSync, prepare: SharedFileOptions['prepare']): boolean {
  try {
    prepare(db);
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

const standStill = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
