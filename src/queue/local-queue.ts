import { QueueRefusedError, toError } from '../errors.ts';
import { hasBit, newBits, setBit, setBits } from './bits.ts';
import {
  isDiskFull,
  Journal,
  type JournalRecord,
  type NewRecord,
  type Progress,
  type RecordStore,
  type Removal,
} from './journal.ts';
import { KeptReports } from './kept-reports.ts';
import { LaneStore } from './lane-store.ts';
import { headroom, refuseWhenFull } from './memory-queue.ts';
import type { Batch, Queue, QueueDepth, QueueEntry, QueueHealth, RequestBody, Restore } from './queue.ts';
import { placeOf } from './queue.ts';
import type { FileContents } from './queue-files.ts';
import type { Reserve } from './reserve.ts';

export interface LocalQueueOptions {
  /** The file; this queue is its only writer. */
  readonly path: string;
  readonly sync: 'normal' | 'full';
  /** Notifications that may be unsettled at a time (`core.queue_num`). */
  readonly limit: number;
  readonly wake: (lane: string) => void;
  /** Called from the first turn of the event loop on, for each record that the file held. */
  readonly restore: Restore;
  /** Told when the file cannot be written, and when it can again. */
  readonly onTrouble?: (error: Error | undefined) => void;
  readonly onClosed?: () => void;
  readonly now?: () => number;
  /** Room on the disk for forgetting what is settled when there is none for anything else. */
  readonly reserve?: Reserve | undefined;
  /** Opens the file; default: SQLite. */
  readonly openFile?: (path: string, sync: 'normal' | 'full') => RecordStore;
}

/** A request with unsettled targets: its record, and how far it has got. */
interface Pending {
  open: number;
  /** Targets that the file does not count as settled yet. */
  uncounted: number;
  /** Only for requests of more than one push: a bit for each settled target, by notification. */
  done: Map<number, { bits: Uint8Array; more: number }> | undefined;
}

interface Append {
  readonly entries: readonly QueueEntry[];
  readonly record: NewRecord;
}

/**
 * The pause before progress inside requests of several pushes is written: a crash resends what was settled in it. At least
 * this, and twenty times what the last write took, so that writing never costs more than a twentieth of the time.
 */
const PROGRESS_MS = 4;
const PROGRESS_SHARE = 20;
const LONGEST_PROGRESS_MS = 250;
/** How long a settled request may stay in the file: a crash resends at most what was settled within. */
const FORGET_MS = 3;
/** How often a file that could not be written is tried again. */
const RETRY_MS = 500;

/**
 * The queue on a file. `append` resolves when its turn's transaction is committed: requests that arrive together share one.
 * A settled request is forgotten with the next transaction; progress inside a larger one is written a few milliseconds later.
 */
export class LocalQueue implements Queue {
  readonly #options: LocalQueueOptions;
  readonly #journal: RecordStore;
  readonly #store: LaneStore;
  readonly #now: () => number;
  readonly #reserve: Reserve | undefined;
  readonly #pending = new Map<number, Pending>();
  /** Failed pushes that somebody is still to be told of: in the file with the transaction that forgets the push. */
  readonly reports = new KeptReports(() => {
    if (!this.#closed) this.#group ??= this.#schedule();
  });
  #appends: Append[] = [];
  #removals: Removal[] = [];
  #dirty = new Set<number>();
  #group: PromiseWithResolvers<void> | undefined;
  #waiting = 0;
  #nextKey = 1;
  #timer: NodeJS.Timeout;
  #progressTimer: NodeJS.Timeout | undefined;
  #forgetting: NodeJS.Timeout | undefined;
  #progressPlanned = false;
  /** When progress may be written again. */
  #progressAt = 0;
  #trouble: Error | undefined;
  #closed = false;

  /** @throws when the file cannot be opened or is damaged. */
  constructor(options: LocalQueueOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#reserve = options.reserve;
    const pages = options.reserve?.checkpointPages;
    const { openFile = (path, sync) => new Journal(path, sync, pages) } = options;
    this.#journal = openFile(options.path, options.sync);
    this.#store = new LaneStore(options);
    this.#timer = setInterval(() => this.#tick(), RETRY_MS);
    this.#timer.unref();
    const records = [...this.#journal.records()];
    this.#nextKey = (records.at(-1)?.key ?? 0) + 1;
    this.reports.restore(this.#journal.reports());
    if (records.length > 0) setImmediate(() => this.#recover(records));
  }

  get closed(): boolean {
    return this.#closed;
  }

  append(entries: readonly QueueEntry[], body: RequestBody): Promise<void> {
    if (this.#closed) throw new QueueRefusedError('the queue is closed');
    refuseWhenFull(this.#store.size + this.#waiting, entries.length, this.#options.limit);
    const { request } = entries[0] as QueueEntry;
    const key = this.#nextKey++;
    let pushes = 0;
    for (const entry of entries) {
      entry.key = key;
      pushes += entry.open;
    }
    const text = typeof body === 'function' ? body() : body;
    if (this.#reserve && !(this.#reserve.isHeld && this.#reserve.hasRoomFor(text.length))) {
      throw new QueueRefusedError('the disk of the queue file is full', 5);
    }
    this.#appends.push({
      entries,
      record: { key, id: request.id, app: request.app, acceptedAt: request.acceptedAt, pushes, body: text },
    });
    this.#waiting += entries.length;
    this.#group ??= this.#schedule();
    return this.#group.promise;
  }

  take(lane: string, limit: number): Batch | undefined {
    return this.#store.take(lane, limit);
  }

  settle(batch: Batch, indexes: readonly number[]): void {
    const { entry } = batch;
    this.#store.settle(batch, indexes.length);
    const pending = this.#pending.get(entry.key);
    if (!pending) return;
    pending.open -= indexes.length;
    if (pending.open === 0) {
      this.#pending.delete(entry.key);
      this.#dirty.delete(entry.key);
      this.#removals.push({ key: entry.key, pushes: pending.uncounted });
      this.#forgetSoon();
      return;
    }
    pending.done ??= new Map();
    const size = entry.groups.reduce((sum, group) => sum + group.targets.length, 0);
    const done = pending.done.get(entry.index) ?? { bits: newBits(size), more: 0 };
    for (const index of indexes) setBit(done.bits, placeOf(batch, index));
    done.more += indexes.length;
    pending.done.set(entry.index, done);
    this.#dirty.add(entry.key);
    this.#writeSoon();
  }

  defer(batch: Batch, at: number): void {
    this.#store.defer(batch, at);
  }

  depth(lane?: string): QueueDepth {
    return this.#store.depth(lane);
  }

  oldestAge(): number {
    return this.#store.oldestAge();
  }

  health(): QueueHealth {
    const trouble = this.#trouble?.message ?? (this.#reserve?.isDiskFull ? 'the disk is full' : undefined);
    if (trouble !== undefined) return { status: 'fail', output: `queue.local.path: cannot write: ${trouble}` };
    return headroom(this.#store.size, this.#options.limit);
  }

  /** Takes over the contents of another file. @throws when they cannot be written; then nothing was taken. */
  adopt({ records, reports }: FileContents): void {
    const adopted = records.map((record) => ({ ...record, key: this.#nextKey++ }));
    const progress = adopted.flatMap(({ key, done }) =>
      [...done].map(([notification, bits]) => ({ key, notification, done: bits, more: setBits(bits) })),
    );
    const renumbered = this.reports.renumbered(reports);
    this.#journal.commit({ records: adopted, progress, reports: renumbered });
    this.#recover(adopted);
    this.reports.restore(renumbered);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#progressTimer);
    clearTimeout(this.#forgetting);
    this.#store.close();
    this.#commit(this.#progress());
    this.#journal.close();
    this.#options.onClosed?.();
  }

  /** One transaction at the end of this turn of the event loop. */
  /** Under load the next append takes removals along; otherwise they get a transaction of their own a moment later. */
  #forgetSoon(): void {
    if (this.#group || this.#forgetting) return;
    this.#forgetting = setTimeout(() => {
      this.#forgetting = undefined;
      if (!this.#closed && this.#removals.length > 0) this.#group ??= this.#schedule();
    }, FORGET_MS).unref();
  }

  #schedule(): PromiseWithResolvers<void> {
    const group = Promise.withResolvers<void>();
    // A group of removals only has nobody who waits for it; its failure is in the health.
    group.promise.catch(() => {});
    setImmediate(() => this.#commit([]));
    return group;
  }

  #commit(progress: readonly Progress[]): void {
    const appends = this.#appends;
    const removals = this.#removals;
    const group = this.#group;
    this.#appends = [];
    this.#removals = [];
    this.#group = undefined;
    for (const { entries } of appends) this.#waiting -= entries.length;
    const records = appends.map((append) => append.record);
    const size = records.length + removals.length + progress.length;
    try {
      // A file that failed is written to even if there is nothing to write: that is how its recovery is noticed.
      if (size > 0 || !this.reports.isWritten || this.#trouble) {
        this.#journal.commit({ records, removals, progress, ...this.reports.changes() });
      }
    } catch (error) {
      this.#failed(toError(error), removals, group);
      return;
    }
    this.reports.written();
    this.#wrote(progress);
    for (const { entries, record } of appends) {
      this.#pending.set(record.key, { open: record.pushes, uncounted: record.pushes, done: undefined });
      for (const entry of entries) this.#store.add(entry);
    }
    group?.resolve();
  }

  #failed(error: Error, removals: readonly Removal[], group: PromiseWithResolvers<void> | undefined): void {
    // What is settled stays to be forgotten: the next tick tries again, without the appends that may be what does not fit.
    this.#removals = [...removals, ...this.#removals];
    if (isDiskFull(error)) this.#breakReserve();
    if (this.#trouble?.message !== error.message) this.#options.onTrouble?.(error);
    this.#trouble = error;
    group?.reject(new QueueRefusedError(`the queue file cannot be written: ${error.message}`, 5, { cause: error }));
  }

  #wrote(progress: readonly Progress[]): void {
    if (this.#reserve?.isHeld !== false) this.#recovered();
    for (const { key, notification, more } of progress) {
      const pending = this.#pending.get(key);
      const done = pending?.done?.get(notification);
      if (!pending || !done) continue;
      pending.uncounted -= more;
      done.more -= more;
    }
    if (progress.length > 0) this.#dirty.clear();
    else if (this.#dirty.size > 0) this.#writeSoon();
  }

  #progress(): Progress[] {
    return [...this.#dirty].flatMap((key) =>
      [...(this.#pending.get(key)?.done ?? [])]
        .filter(([, { more }]) => more > 0)
        .map(([notification, { bits, more }]) => ({ key, notification, done: bits, more })),
    );
  }

  /** At the end of this turn, unless progress was written a moment ago. */
  #writeSoon(): void {
    if (this.#progressPlanned || this.#trouble) return;
    this.#progressPlanned = true;
    const wait = this.#progressAt - this.#now();
    if (wait > 0) this.#progressTimer = setTimeout(() => this.#writeProgress(), wait).unref();
    else setImmediate(() => this.#writeProgress());
  }

  #writeProgress(): void {
    if (this.#closed) return;
    this.#progressPlanned = false;
    const begun = this.#now();
    this.#commit(this.#progress());
    const ended = this.#now();
    const pause = Math.max(PROGRESS_MS, (ended - begun) * PROGRESS_SHARE);
    this.#progressAt = ended + Math.min(LONGEST_PROGRESS_MS, pause);
  }

  #recovered(): void {
    if (this.#trouble) this.#options.onTrouble?.(undefined);
    this.#trouble = undefined;
  }

  #tick(): void {
    if (this.#removals.length > 0 || this.#trouble) this.#commit(this.#progress());
    try {
      if (this.#trouble || this.#reserve?.isDiskFull) this.#makeRoom();
      else this.#journal.shrink();
    } catch (error) {
      this.#trouble = toError(error);
    }
  }

  #makeRoom(): void {
    const reserve = this.#reserve;
    if (!this.#journal.makeRoom() || !reserve) return;
    if (!reserve.isHeld && reserve.take()) {
      this.#journal.limitLog(reserve.checkpointPages);
      this.#recovered();
    }
    reserve.look();
  }

  /** First of all the log is moved into the file: what comes next may then be written over it. */
  #breakReserve(): void {
    if (!this.#reserve?.isHeld) return;
    this.#reserve.release();
    try {
      this.#journal.makeRoom();
    } catch {
      // The next tick tries again.
    }
  }

  #recover(records: readonly JournalRecord[]): void {
    for (const { key, id, app, acceptedAt, pushes, body, done } of records) {
      const isDone = (notification: number, place: number): boolean => {
        const bits = done.get(notification);
        return bits !== undefined && hasBit(bits, place);
      };
      const entries = this.#options.restore({ id, app, acceptedAt, body, isDone });
      const open = entries.reduce((sum, entry) => sum + entry.open, 0);
      let counted = 0;
      const progress: Pending['done'] = new Map();
      for (const [notification, bits] of done) {
        progress.set(notification, { bits, more: 0 });
        counted += setBits(bits);
      }
      if (open === 0) {
        this.#removals.push({ key, pushes: pushes - counted });
        continue;
      }
      this.#pending.set(key, { open, uncounted: pushes - counted, done: progress });
      for (const entry of entries) {
        entry.key = key;
        this.#store.add(entry, (place) => isDone(entry.index, place));
      }
    }
  }
}
