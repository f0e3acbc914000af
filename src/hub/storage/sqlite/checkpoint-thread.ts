import type { Worker } from 'node:worker_threads';
import { startOwnThread } from '../../../kit/files/own-thread.ts';

/** How long the thread waits for another process that recovers the file. */
const WAIT_MS = 1000;
/** A thread that has had nothing to do for so long ends, and gives its memory back. */
const IDLE_MS = 10_000;

/**
 * A thread with a connection of its own, which moves the log of an SQLite file into the file. States: none → running (a checkpoint
 * starts it) → ending (it was idle for a while, or this is closed) → none. After one that fails the next checkpoint starts another. There
 * is one at a time, and it does not keep the process alive while it is idle.
 */
export class CheckpointThread {
  readonly #path: string;
  readonly #idleMs: number;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** Of the checkpoint under way. */
  #answer: PromiseWithResolvers<void> | undefined;
  /** When the last thread is gone. */
  #gone: Promise<void> = Promise.resolve();

  constructor(path: string, idleMs = IDLE_MS) {
    this.#path = path;
    this.#idleMs = idleMs;
  }

  /** One at a time. @throws when the thread cannot start or is lost, and SQLite's own errors */
  async checkpoint(): Promise<void> {
    clearTimeout(this.#idle);
    if (!this.#worker) await this.#gone;
    this.#worker ??= this.#start();
    const worker = this.#worker;
    this.#answer = Promise.withResolvers();
    worker.ref();
    worker.postMessage('checkpoint');
    try {
      await this.#answer.promise;
    } finally {
      this.#answer = undefined;
      worker.unref();
      this.#idle = setTimeout(() => this.#end(), this.#idleMs).unref();
    }
  }

  /** After the last checkpoint. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    this.#end();
    await this.#gone;
  }

  #start(): Worker {
    const worker = startOwnThread('./checkpoint-worker', import.meta.url, {
      name: 'checkpoints of the store',
      workerData: { path: this.#path, waitMs: WAIT_MS },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    worker.on('message', (trouble: string | undefined) => {
      if (trouble === undefined) this.#answer?.resolve();
      else this.#answer?.reject(new Error(trouble));
    });
    worker.on('error', (error) => this.#lost(error));
    worker.on('exit', () => {
      this.#lost(new Error('the thread ended'));
      resolve();
    });
    return worker;
  }

  #lost(error: unknown): void {
    this.#worker = undefined;
    this.#answer?.reject(error);
  }

  /** What waits until it is gone keeps the process. */
  #end(): void {
    this.#worker?.ref();
    this.#worker?.postMessage('end');
    this.#worker = undefined;
  }
}
