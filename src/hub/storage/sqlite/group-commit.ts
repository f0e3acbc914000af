import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { background } from '../../../kit/background.ts';
import { toError } from '../../../kit/errors.ts';
import { isBusy } from '../../../kit/files/sqlite-file.ts';
import type { HubDb } from '../storage.ts';
import type { StoreObserver } from '../store-observer.ts';
import { StoreUnavailable } from '../store-unavailable.ts';

/** How long one transaction takes in works before it commits: what came after waits for the next. */
const BATCH_MS = 10;
const MOST_WORKS = 512;
/** Another process has the file: asked again after this time, for this long. */
const BUSY_PAUSE_MS = 5;
const BUSY_MS = 10_000;

interface Work {
  do(tx: HubDb): Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly givenAt: number;
  /** Set once it is done. */
  result?: { readonly value: unknown } | { readonly error: Error };
}

/** Brings what is committed to the disk. */
export interface LogSync {
  sync(): Promise<void>;
  /** After a sync that failed: what the log has may never come to the disk, so that it is moved to where it does. @throws while it cannot be */
  recover(): void;
}

/** Keeps the log short. */
export interface LogCheckpoints {
  /** Asked after each COMMIT. Never throws. */
  isLong(): boolean;
  /** What was committed is on the disk, and no transaction begins until it resolves. Never rejects. */
  shorten(): Promise<void>;
}

export interface GroupCommitOptions {
  readonly db: DatabaseSync;
  /** On the same connection. */
  readonly tx: HubDb;
  /** What errors name. */
  readonly place: string;
  /** Absent: COMMIT does all there is to do. */
  readonly log?: LogSync | undefined;
  readonly checkpoints?: LogCheckpoints | undefined;
  readonly observer?: StoreObserver | undefined;
  readonly now?: () => number;
}

/**
 * Works that share a transaction, and so one fsync: all that were given in one turn of the event loop, and those that come while they
 * are done. Each but the first has a savepoint, so that one that fails is undone alone; they are done one after another, so none sees half of another.
 * The disk is waited for in a thread, and the next works are done meanwhile: they are committed once what they may have seen is on the disk.
 * States: idle → waiting (works have been given, the turn is not over) → working (BEGIN … COMMIT) → syncing (works may be given, and
 * done) → idle, or waiting again. Where the log has become long, works wait after the sync until it is short.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #now: () => number;
  readonly #texts: Readonly<Record<'begin' | 'save' | 'release' | 'commit', StatementSync>>;
  #given: Work[] = [];
  #working: Promise<void> | undefined;
  #transaction: Promise<void> | undefined;
  /** While what was committed is brought to the disk; never rejects. */
  #syncing: Promise<void> | undefined;
  /** The log may have what will never be on the disk. */
  #isLogSpoilt = false;
  /** The last one that is to be alone, until it has been; never rejects. */
  #exclusive: Promise<void> | undefined;
  #isClosed = false;
  /** Why the last transaction was not written; undefined: it was. */
  #trouble: string | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    const { db } = options;
    this.#texts = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      save: db.prepare('SAVEPOINT work'),
      release: db.prepare('RELEASE work'),
      commit: db.prepare('COMMIT'),
    };
    this.#now = options.now ?? (() => performance.now());
  }

  /** Why nothing can be written, as far as the last transaction says; undefined: it can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** While a transaction is open, or about to be: when it is over. */
  get transaction(): Promise<void> | undefined {
    return this.#transaction;
  }

  add<T>(work: (tx: HubDb) => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('the hub is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#given.push({ do: work, resolve: resolve as (result: unknown) => void, reject, givenAt: this.#now() });
    this.#wake();
    return promise;
  }

  /**
   * Does something between two transactions: after the one that is open now, and before the works that come from now on, which wait for
   * it. One at a time.
   */
  async exclusively(work: () => Promise<void>): Promise<void> {
    const before = this.#exclusive;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exclusive = promise;
    try {
      await before;
      while (this.#transaction ?? this.#syncing) await (this.#transaction ?? this.#syncing);
      await work();
    } finally {
      if (this.#exclusive === promise) this.#exclusive = undefined;
      resolve();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#working) await this.#working;
  }

  #wake(): void {
    if (this.#working) return;
    this.#working = this.#turn();
    background(this.#working);
  }

  async #turn(): Promise<void> {
    await new Promise(setImmediate);
    try {
      while (this.#given.length > 0 || this.#syncing) {
        if (this.#given.length > 0) await this.#nextBatch();
        else await this.#syncing;
      }
    } finally {
      // A file that cannot even be rolled back, or a mistake of ours: what comes next is done, or refused, and never waits for ever.
      this.#transaction = undefined;
      this.#working = undefined;
      if (this.#given.length > 0) this.#wake();
    }
  }

  async #nextBatch(): Promise<void> {
    while (this.#exclusive) await this.#exclusive;
    this.#transaction = this.#batch();
    await this.#transaction;
    this.#transaction = undefined;
    // The answers to what is on the disk now leave before the next works begin.
    await new Promise(setImmediate);
  }

  async #batch(): Promise<void> {
    try {
      this.#recover();
      await this.#begin();
    } catch (error) {
      this.#refuse(this.#given.splice(0), error);
      return;
    }
    const done: Work[] = [];
    try {
      await this.#workThrough(done);
      if (this.#syncing) await this.#afterSync(done);
      this.#texts.commit.run();
    } catch (error) {
      try {
        if (this.#options.db.isTransaction) this.#options.db.exec('ROLLBACK');
      } finally {
        this.#refuse(done, error);
      }
      return;
    }
    const { log } = this.#options;
    if (log) this.#syncing = this.#sync(log, done);
    else this.#settle(done);
    await this.#shorten();
  }

  async #shorten(): Promise<void> {
    const { checkpoints } = this.#options;
    if (!checkpoints?.isLong()) return;
    await this.#syncing;
    // A log that did not come to the disk is for `recover`.
    if (!this.#isLogSpoilt) await checkpoints.shorten();
  }

  /** What came while the transaction before was brought to the disk is of this one. */
  async #afterSync(done: Work[]): Promise<void> {
    await this.#syncing;
    if (this.#isLogSpoilt) throw new Error('what was committed before did not come to the disk');
    await this.#workThrough(done);
  }

  async #sync(log: LogSync, done: readonly Work[]): Promise<void> {
    try {
      await log.sync();
      this.#settle(done);
    } catch (error) {
      this.#isLogSpoilt = true;
      this.#refuse(done, error);
    } finally {
      this.#syncing = undefined;
    }
  }

  #recover(): void {
    if (!this.#isLogSpoilt) return;
    this.#options.log?.recover();
    this.#isLogSpoilt = false;
  }

  #settle(done: readonly Work[]): void {
    this.#observe(done);
    for (const { result, resolve, reject } of done)
      if (result && 'value' in result) resolve(result.value);
      else reject(result?.error as Error);
  }

  #observe(done: readonly Work[]): void {
    const { observer } = this.#options;
    this.#became(undefined);
    if (!observer || done.length === 0) return;
    observer.committed?.(done.length);
    const now = this.#now();
    for (const { givenAt } of done) observer.wrote?.(now - givenAt);
  }

  #became(trouble: string | undefined): void {
    const isOther = (trouble === undefined) !== (this.#trouble === undefined);
    this.#trouble = trouble;
    if (isOther) this.#options.observer?.turned?.();
  }

  #refuse(works: readonly Work[], error: unknown): void {
    this.#options.observer?.failed?.(works.length);
    const refusal = this.#unavailable(error);
    this.#became(refusal.message);
    for (const work of works) work.reject(refusal);
  }

  /** Waits for another process without standing still. */
  async #begin(): Promise<void> {
    const end = this.#now() + BUSY_MS;
    for (;;) {
      try {
        this.#texts.begin.run();
        return;
      } catch (error) {
        if (!isBusy(error) || this.#now() >= end) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
    }
  }

  async #workThrough(done: Work[]): Promise<void> {
    const end = this.#now() + BATCH_MS;
    while (this.#given.length > 0 && done.length < MOST_WORKS) {
      const work = this.#given.shift() as Work;
      done.push(work);
      await this.#do(work, done.length === 1);
      if (this.#now() >= end) return;
    }
  }

  /** The first has no savepoint, for which SQLite copies each page before it is changed: where it fails, the transaction has nothing else. */
  async #do(work: Work, isFirst: boolean): Promise<void> {
    const { db, tx } = this.#options;
    if (!isFirst) this.#texts.save.run();
    try {
      work.result = { value: await work.do(tx) };
    } catch (error) {
      work.result = { error: toError(error) };
      // A full disk or a damaged file has undone all of the transaction.
      if (!db.isTransaction) throw error;
      db.exec(isFirst ? 'ROLLBACK' : 'ROLLBACK TO work');
      if (isFirst) await this.#begin();
    }
    if (!isFirst) this.#texts.release.run();
  }

  #unavailable(error: unknown): StoreUnavailable {
    const { place } = this.#options;
    return new StoreUnavailable(`hub: ${place} cannot be written: ${toError(error).message}`, 1, { cause: error });
  }
}
