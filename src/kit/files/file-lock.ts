import { DatabaseSync } from 'node:sqlite';
import { makePrivateFile } from './private-file.ts';
import { isBusy } from './sqlite-file.ts';

/**
 * A lock that the operating system frees when the process ends, however it ends: an exclusive SQLite transaction on a file of
 * its own beside the locked one (Node has no flock).
 */
export class FileLock {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Undefined when it is held, by this process or another. @throws when the folder cannot be written. */
  static take(path: string): FileLock | undefined {
    makePrivateFile(`${path}.lock`);
    const db = new DatabaseSync(`${path}.lock`, { timeout: 0 });
    try {
      // No journal: a lock must be had on a full disk, too.
      db.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      return new FileLock(db);
    } catch (error) {
      db.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  release(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
