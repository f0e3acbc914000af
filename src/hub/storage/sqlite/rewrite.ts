import { statSync } from 'node:fs';
import { background } from '../../../kit/background.ts';
import { startOwnThread } from '../../../kit/files/own-thread.ts';

/** How long the thread waits for other processes that write. */
const WAIT_MS = 10_000;
/** Bytes: a file up to this is rewritten in less than a second, and an erasure waits for it. */
const SMALL = 64 * 1024 * 1024;
/** Of a larger one erasures are gathered for so long. */
const GATHER_MS = 2000;

/** Holds writing back while a work is done. */
export type Exclusively = (work: () => Promise<void>) => Promise<void>;

/**
 * Rewrites an SQLite file, so that nothing is left of what was deleted. `secure_delete` overwrites rows where they end; but when pages
 * are divided or merged, SQLite leaves copies of rows between the others, which no setting removes (measured: a tenth of the pages
 * that had held a row). Rewriting (VACUUM) is done in a thread; writing waits meanwhile, reading does not.
 */
export class Rewriting {
  readonly #path: string;
  readonly #exclusively: Exclusively;
  #last: Promise<void> = Promise.resolve();
  /** The one that has not begun, which all share who ask before it does. */
  #next: Promise<void> | undefined;

  constructor(path: string, exclusively: Exclusively) {
    this.#path = path;
    this.#exclusively = exclusively;
  }

  /** Resolves when it is done; of a large file once it is settled that it will be, within seconds. */
  async ask(): Promise<void> {
    const isSmall = statSync(this.#path).size <= SMALL;
    this.#next ??= this.#begin(isSmall ? 0 : GATHER_MS);
    if (isSmall) await this.#next;
    else background(this.#next, () => {});
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#next?.catch(() => {});
    await this.#last.catch(() => {});
  }

  async #begin(gatherMs: number): Promise<void> {
    await this.#last.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    this.#next = undefined;
    this.#last = this.#exclusively(() => rewrite(this.#path));
    await this.#last;
  }
}

function rewrite(path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const worker = startOwnThread('./rewrite-worker', import.meta.url, {
    name: 'rewriting the store',
    workerData: { path, waitMs: WAIT_MS },
  });
  worker.on('message', () => resolve());
  worker.on('error', reject);
  worker.on('exit', () => reject(new Error('the thread ended')));
  return promise;
}
