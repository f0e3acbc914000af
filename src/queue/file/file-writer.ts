import { toError } from '../../kit/errors.ts';
import { isDiskFull } from '../../kit/files/sqlite-file.ts';
import { vital } from '../../kit/vital.ts';
import type { QueueEntry } from '../queue.ts';
import { QueueRefusedError } from '../queue-refused-error.ts';
import type { Withdrawal } from '../withdrawal.ts';
import { KeptReports } from './kept-reports.ts';
import type { NewRecord } from './new-record.ts';
import type { PendingRequests } from './pending-requests.ts';
import type { Progress, RecordStore, Removal } from './record-store.ts';
import type { Reserve } from './reserve.ts';

export interface Append {
  readonly entries: readonly QueueEntry[];
  readonly record: NewRecord;
}

export interface FileWriterOptions {
  readonly file: RecordStore;
  readonly pending: PendingRequests;
  /** Room on the disk for forgetting what is settled when there is none for anything else. */
  readonly reserve: Reserve | undefined;
  /** The record is in the file; called before its `append` resolves. */
  readonly onWritten: (append: Append) => void;
  /** The record is not in the file and will not be. */
  readonly onRefused: (append: Append) => void;
  /** Told when the file cannot be written, and when it can again. */
  readonly onTrouble: (error: Error | undefined) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * The pause before progress inside requests of several pushes is written: a crash resends what was settled in it. At least
 * this, and fifty times what the last write took, so that writing never costs more than a fiftieth of the time.
 */
const PROGRESS_MS = 4;
const PROGRESS_SHARE = 50;
const LONGEST_PROGRESS_MS = 250;
/** How long a settled request may stay in the file: a crash resends at most what was settled within. */
const FORGET_MS = 3;
/** A file is rewritten no more often. */
const SCRUB_PAUSE_MS = 3000;
/** So many times what it took. */
const SCRUB_SHARE = 20;
/** How often a file that could not be written is tried again. */
const RETRY_MS = 500;

/** When a queue file is written: all changes of a turn of the event loop in one transaction, new records before all else. */
export class FileWriter {
  /** Failed pushes still to be reported: in the file with the transaction that forgets the push. */
  readonly reports: KeptReports;
  readonly #options: FileWriterOptions;
  readonly #file: RecordStore;
  readonly #reserve: Reserve | undefined;
  readonly #ticked = vital('writing the queue file', () => this.#tick());
  readonly #progressDue = vital('writing the queue file', () => this.#writeProgress());
  readonly #shrinkOn = vital('writing the queue file', () => this.#shrink());
  readonly #turnEnds = vital('writing the queue file', () => this.#commit([]));
  readonly #timer: NodeJS.Timeout;
  #appends: Append[] = [];
  #removals: Removal[] = [];
  /** Of the transaction that is planned. */
  #group: PromiseWithResolvers<void> | undefined;
  #forgetting: NodeJS.Timeout | undefined;
  #progressTimer: NodeJS.Timeout | undefined;
  #progressPlanned = false;
  /** When progress may be written again. */
  #progressAt = 0;
  #trouble: Error | undefined;
  #nextPiece: NodeJS.Immediate | undefined;
  /** Something was erased, of which bytes may be left; and when that may be seen to. */
  #isToScrub = false;
  #scrubAt = 0;
  #closed = false;

  constructor(options: FileWriterOptions) {
    this.#options = options;
    this.#file = options.file;
    this.#reserve = options.reserve;
    const { file, reserve } = options;
    this.reports = new KeptReports({
      file: file.reports,
      deaths: file.reportDeaths,
      changed: () => this.#plan(),
      write: () => this.writeNow(),
      ...(reserve ? { room: () => reserve.free } : {}),
    });
    this.#timer = setInterval(this.#ticked, RETRY_MS).unref();
  }

  /** Why nothing can be taken. */
  get trouble(): string | undefined {
    return this.#trouble?.message ?? (this.#reserve?.isDiskFull ? 'the disk is full' : undefined);
  }

  /** Resolves when the record is in the file. @throws QueueRefusedError when the disk is full; rejects with it when writing fails. */
  append(append: Append): Promise<void> {
    const reserve = this.#reserve;
    if (reserve && !(reserve.isHeld && reserve.hasRoomFor(append.record.body.length))) {
      throw new QueueRefusedError('the disk of the queue file is full', 5);
    }
    this.#appends.push(append);
    this.#plan();
    return this.#group?.promise ?? Promise.resolve();
  }

  /** Under load the next append takes removals along; otherwise they get a transaction of their own a moment later. */
  forget(removal: Removal): void {
    this.#removals.push(removal);
    if (this.#group || this.#forgetting) return;
    this.#forgetting = setTimeout(() => {
      this.#forgetting = undefined;
      if (this.#removals.length > 0) this.#plan();
    }, FORGET_MS).unref();
  }

  /** There is progress: it is written at the end of this turn, unless some was a moment ago. */
  noteProgress(): void {
    if (this.#progressPlanned || this.#trouble) return;
    this.#progressPlanned = true;
    const wait = this.#progressAt - this.#options.now();
    if (wait > 0) this.#progressTimer = setTimeout(this.#progressDue, wait).unref();
    else setImmediate(this.#progressDue);
  }

  /** What is to be written, without waiting for the end of the turn. */
  writeNow(): void {
    this.#commit([]);
  }

  /** What is taken out of the file; and after a moment it is rewritten, so that no byte is left. */
  erase(withdrawal: Withdrawal, reports: readonly string[]): void {
    this.#commit(this.#options.pending.progress());
    try {
      const gone = this.#file.erase(withdrawal, reports);
      this.reports.erased(gone, withdrawal.app, reports);
      this.#isToScrub = true;
      this.#scrub();
    } catch (error) {
      this.#failed(toError(error), [], undefined);
    }
  }

  close(): void {
    this.#commit(this.#options.pending.progress());
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#progressTimer);
    clearTimeout(this.#forgetting);
    this.reports.close();
    this.#file.close();
  }

  /** One transaction at the end of this turn of the event loop. */
  #plan(): void {
    if (this.#group || this.#closed) return;
    this.#group = Promise.withResolvers<void>();
    // Nothing waits for a transaction without appends; its failure is in the health.
    this.#group.promise.catch(() => {});
    setImmediate(this.#turnEnds);
  }

  #commit(progress: readonly Progress[]): void {
    if (this.#closed) return;
    const appends = this.#appends;
    const removals = this.#removals;
    const group = this.#group;
    this.#appends = [];
    this.#removals = [];
    this.#group = undefined;
    const records = appends.map((append) => append.record);
    const size = records.length + removals.length + progress.length;
    try {
      // A file that failed is written to even if there is nothing to write: that is how its recovery is noticed.
      if (size > 0 || !this.reports.isWritten || this.#trouble) {
        this.#file.commit({ records, removals, progress, ...this.reports.changes() });
      }
    } catch (error) {
      for (const append of appends) this.#options.onRefused(append);
      this.#failed(toError(error), removals, group);
      return;
    }
    this.#wrote(progress);
    for (const append of appends) this.#options.onWritten(append);
    group?.resolve();
  }

  #wrote(progress: readonly Progress[]): void {
    const { pending } = this.#options;
    pending.wrote(progress);
    this.reports.written();
    if (this.#reserve?.isHeld !== false) this.#recovered();
    if (pending.hasProgress) this.noteProgress();
  }

  #failed(error: Error, removals: readonly Removal[], group: PromiseWithResolvers<void> | undefined): void {
    // What is settled stays to be forgotten: the next tick tries again, without the appends that may be what does not fit.
    this.#removals = [...removals, ...this.#removals];
    if (isDiskFull(error)) this.#breakReserve();
    if (this.#trouble?.message !== error.message) this.#options.onTrouble(error);
    this.#trouble = error;
    group?.reject(new QueueRefusedError(`the queue file cannot be written: ${error.message}`, 5, { cause: error }));
  }

  #recovered(): void {
    if (this.#trouble) this.#options.onTrouble(undefined);
    this.#trouble = undefined;
  }

  #writeProgress(): void {
    const { now, pending } = this.#options;
    this.#progressPlanned = false;
    const begun = now();
    this.#commit(pending.progress());
    const ended = now();
    const pause = Math.max(PROGRESS_MS, (ended - begun) * PROGRESS_SHARE);
    this.#progressAt = ended + Math.min(LONGEST_PROGRESS_MS, pause);
  }

  /** Once for what was erased within a few seconds, and as soon as the file is small enough. */
  #scrub(): void {
    const { now } = this.#options;
    if (!this.#isToScrub || this.#trouble || now() < this.#scrubAt) return;
    const begun = now();
    this.#isToScrub = !this.#file.scrub();
    this.#scrubAt = now() + Math.max(SCRUB_PAUSE_MS, (now() - begun) * SCRUB_SHARE);
  }

  #tick(): void {
    if (this.#removals.length > 0 || this.#trouble) this.#commit(this.#options.pending.progress());
    try {
      this.#scrub();
      if (this.trouble !== undefined) this.#makeRoom();
    } catch (error) {
      this.#trouble = toError(error);
    }
    this.#shrink();
  }

  /** In pieces: what comes in meanwhile goes first. */
  #shrink(): void {
    clearImmediate(this.#nextPiece);
    if (this.#closed || this.trouble !== undefined) return;
    try {
      if (this.#file.shrink()) this.#nextPiece = setImmediate(this.#shrinkOn);
    } catch (error) {
      this.#trouble = toError(error);
    }
  }

  #makeRoom(): void {
    const reserve = this.#reserve;
    if (!this.#file.makeRoom() || !reserve) return;
    if (!reserve.isHeld && reserve.take()) {
      this.#file.limitLog(reserve.checkpointPages);
      this.#recovered();
    }
    reserve.look();
  }

  /** First of all the log is moved into the file: what comes next may then be written over it. */
  #breakReserve(): void {
    if (!this.#reserve?.isHeld) return;
    this.#reserve.release();
    try {
      this.#file.makeRoom();
    } catch {
      // The next tick tries again.
    }
  }
}
