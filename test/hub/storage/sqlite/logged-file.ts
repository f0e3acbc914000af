import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';

const TEXT = 100_000;

export interface LoggedFile {
  readonly path: string;
  readonly db: DatabaseSync;
  /** Adds rows of 100 kB, 25 pages each, in one transaction. */
  add(rows: number): void;
  /** Pages of the log, and how many of them the file has. */
  length(): { readonly log: number; readonly checkpointed: number };
  /** Bytes of the log's file. */
  logBytes(): number;
}

/** An SQLite file with a log, as the store has it. */
export function loggedFile(): LoggedFile {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-checkpoint-'));
  const path = join(folder, 'hub.db');
  const db = new DatabaseSync(path);
  onTestFinished(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000');
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
  const insert = db.prepare('INSERT INTO t (text) VALUES (?)');
  return {
    path,
    db,
    add(rows) {
      db.exec('BEGIN IMMEDIATE');
      for (let row = 0; row < rows; row++) insert.run('x'.repeat(TEXT));
      db.exec('COMMIT');
    },
    length() {
      const { log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as Record<string, number>;
      return { log: log ?? 0, checkpointed: checkpointed ?? 0 };
    },
    logBytes: () => statSync(`${path}-wal`).size,
  };
}
