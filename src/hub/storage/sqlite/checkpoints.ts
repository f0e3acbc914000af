import process from 'node:process';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { toError } from '../../../kit/errors.ts';
import type { CheckpointThread } from './checkpoint-thread.ts';

/** Pages, 32 MiB: those that an import touches again and again are moved once, and not with every commit. */
const LONG = 8000;
const NONE = { log: 0, left: 0 };
/** The first SQLite that says how long the log is without moving it: `wal_checkpoint(NOOP)`. */
const TELLS_LENGTH = 3_051_000;

export interface CheckpointOptions {
  /** The connection that writes. */
  readonly db: DatabaseSync;
  readonly thread: Pick<CheckpointThread, 'checkpoint' | 'close'>;
  /** The thread could not do one, and the event loop stood still for it instead. Told once, and again after one that the thread did. */
  readonly failed?: ((error: Error) => void) | undefined;
  /** Its version. */
  readonly sqlite?: string | undefined;
}

/** As SQLite has it: 3051002 of `3.51.2`. */
function versionOf(sqlite: string): number {
  const [major = 0, minor = 0, patch = 0] = sqlite.split('.').map(Number);
  return major * 1_000_000 + minor * 1000 + patch;
}

/**
 * Moves the write-ahead log of an SQLite file into the file (a checkpoint) in a thread; SQLite by itself does it on the event loop, within
 * the COMMIT that made the log long. No transaction is open or begins meanwhile. So all of the log is moved, the disk has the file before
 * the log is written from its beginning again, and the log stays as short as with SQLite's own checkpoints: one that is written to while
 * it is moved never comes to its end. An SQLite that does not tell how long its log is goes on by itself.
 */
export class Checkpoints {
  readonly #db: DatabaseSync;
  readonly #thread: CheckpointOptions['thread'];
  readonly #failed: CheckpointOptions['failed'];
  readonly #length: StatementSync | undefined;
  #hasFailed = false;

  constructor({ db, thread, failed, sqlite = process.versions.sqlite ?? '' }: CheckpointOptions) {
    this.#db = db;
    this.#thread = thread;
    this.#failed = failed;
    if (versionOf(sqlite) < TELLS_LENGTH) return;
    this.#length = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    db.exec('PRAGMA wal_autocheckpoint = 0');
  }

  /** Asked after each COMMIT: whether SQLite by itself would move the log now. */
  isLong(): boolean {
    const { log, left } = this.#pages();
    return log >= LONG && left > 0;
  }

  /** Never rejects. */
  async shorten(): Promise<void> {
    try {
      await this.#thread.checkpoint();
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#failed?.(toError(error));
      this.#hasFailed = true;
    }
    // The thread has failed, or has another file, which was put where this one was opened; or another process reads what is in the way.
    if (this.#pages().left >= LONG) this.#standStill();
  }

  /** After the last one. */
  close(): Promise<void> {
    return this.#thread.close();
  }

  /** Of the log, and those of them that the file does not have. */
  #pages(): { readonly log: number; readonly left: number } {
    try {
      const row = this.#length?.get();
      return row ? { log: Number(row.log), left: Number(row.log) - Number(row.checkpointed) } : NONE;
    } catch {
      // A statement of this connection is still being read: the next COMMIT asks again.
      return NONE;
    }
  }

  #standStill(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // As with SQLite's own: what is committed is in the log, and is moved after another COMMIT.
    }
  }
}
