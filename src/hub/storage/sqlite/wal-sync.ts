import { realpathSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { DatabaseSync } from 'node:sqlite';
import type { LogSync } from './group-commit.ts';

/**
 * Syncs the write-ahead log of an SQLite file in a thread: with `synchronous = FULL`, COMMIT does it on the event loop. Each commit follows
 * those before it in the log, with a checksum over all of them, so that what a sync has brought to the disk can be read after a power cut.
 * The log is the same file for as long as a connection is open.
 */
export class WalSync implements LogSync {
  readonly #db: DatabaseSync;
  /** Of the log. */
  readonly #path: string;
  #file: FileHandle | undefined;

  /** @param path of the SQLite file, which is there. Its log is beside the file itself, where the path is a link */
  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = `${realpathSync(path)}-wal`;
  }

  async sync(): Promise<void> {
    this.#file ??= await open(this.#path, 'r+');
    await this.#file.datasync();
  }

  /** The system may have forgotten pages that it could not write: the next ones are not to follow them. */
  recover(): void {
    if (this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 1)
      throw new Error('the log cannot be moved into the file: it is being read');
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
