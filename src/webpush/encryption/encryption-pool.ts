/**
 * Threads that encrypt, so that the main one, which all other lanes need, spends some 5 µs on a push instead of 80
 * (docs/webpush.md has the comparison with slices on the main thread). The first task starts a thread, further ones start as long
 * as all are busy. Tasks wait here in their order; a thread gets two at a time, so that it has the next when one is done.
 *
 * A thread is: running → gone (it failed or was ended): its tasks come back unencrypted, and the next task starts another, at
 * most one a second.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Fifo } from '../../kit/fifo.ts';
import { startOwnThread } from '../../kit/files/own-thread.ts';
import type { EncryptionAnswer, EncryptionTask } from './encryption-task.ts';

/** Called once, with the answer, or with nothing when the thread was lost or the pool closed. */
export type OnEncrypted = (answer: Pick<EncryptionAnswer, 'bodies' | 'bad'> | undefined) => void;

export interface EncryptionPoolOptions {
  /** Most threads; default: one less than the machine has cores, 1 to 4. */
  readonly threads?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

interface Waiting {
  readonly plaintext: Uint8Array;
  readonly keys: Uint8Array;
  readonly done: OnEncrypted;
}

interface Thread {
  readonly worker: Worker;
  readonly tasks: Map<number, OnEncrypted>;
}

const AT_ONCE = 2;
const RESTART_MS = 1000;

export class EncryptionPool {
  readonly #most: number;
  readonly #now: () => number;
  readonly #threads = new Set<Thread>();
  readonly #waiting = new Fifo<Waiting>();
  #lastId = 0;
  #lostAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ threads, now }: EncryptionPoolOptions = {}) {
    this.#most = threads ?? Math.max(1, Math.min(4, availableParallelism() - 1));
    this.#now = now ?? (() => performance.now());
  }

  /** @param keys receivers, packed (`EncryptionTask`), in an ArrayBuffer of their own, which is handed over */
  encrypt(plaintext: Uint8Array, keys: Uint8Array, done: OnEncrypted): void {
    if (this.#closed) {
      done(undefined);
      return;
    }
    this.#waiting.push({ plaintext, keys, done });
    this.#pump();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#threads];
    for (const thread of threads) this.#lose(thread);
    this.#giveBackWaiting();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#freeThread();
      if (!thread) break;
      const { plaintext, keys, done } = this.#waiting.shift() as Waiting;
      const task: EncryptionTask = { id: ++this.#lastId, plaintext, keys };
      if (thread.tasks.size === 0) thread.worker.ref();
      thread.tasks.set(task.id, done);
      thread.worker.postMessage(task, [keys.buffer as ArrayBuffer]);
    }
    if (this.#threads.size === 0) this.#giveBackWaiting();
  }

  /** The thread with the fewest tasks, or a new one where all have some. */
  #freeThread(): Thread | undefined {
    let best: Thread | undefined;
    for (const thread of this.#threads) if (!best || thread.tasks.size < best.tasks.size) best = thread;
    const mayStart = this.#threads.size < this.#most && this.#now() - this.#lostAt >= RESTART_MS;
    if (mayStart && (best?.tasks.size ?? 1) > 0) return this.#start();
    return best && best.tasks.size < AT_ONCE ? best : undefined;
  }

  #start(): Thread {
    const worker = startOwnThread('./encryption-worker', import.meta.url, { name: 'web push encryption' });
    const thread: Thread = { worker, tasks: new Map() };
    worker.on('message', (answer: EncryptionAnswer) => this.#answered(thread, answer));
    worker.on('error', () => this.#lose(thread));
    worker.on('exit', () => this.#lose(thread));
    worker.unref();
    this.#threads.add(thread);
    return thread;
  }

  #answered(thread: Thread, { id, bodies, bad }: EncryptionAnswer): void {
    const done = thread.tasks.get(id);
    thread.tasks.delete(id);
    if (thread.tasks.size === 0) thread.worker.unref();
    this.#pump();
    done?.({ bodies, bad });
  }

  #lose(thread: Thread): void {
    if (!this.#threads.delete(thread)) return;
    this.#lostAt = this.#now();
    for (const done of thread.tasks.values()) done(undefined);
    thread.tasks.clear();
    this.#pump();
  }

  #giveBackWaiting(): void {
    for (let task = this.#waiting.shift(); task; task = this.#waiting.shift()) task.done(undefined);
  }
}
