import type { KeptRequest } from '../queue.ts';
import type { Withdrawal } from '../withdrawal.ts';
import type { Deaths } from './deaths.ts';
import type { JournalRecord } from './journal-record.ts';
import type { NewRecord } from './new-record.ts';
import type { ReportStore, StoredReport } from './report-table.ts';
import type { Aside, AsideRecord } from './set-aside.ts';

/** A record that is wholly settled, or set aside: how many of its targets were not counted as settled before. */
export interface Removal {
  readonly key: number;
  readonly pushes: number;
  readonly aside?: Aside;
}

export interface Progress {
  readonly key: number;
  readonly notification: number;
  readonly done: Uint8Array;
  /** Targets settled since the last progress of this notification. */
  readonly more: number;
}

/** A report that is not tried again. */
export interface ReportAside {
  readonly key: number;
  readonly aside: Aside;
}

/** What one transaction changes. */
export interface Change {
  readonly records?: readonly NewRecord[];
  readonly removals?: readonly Removal[];
  readonly progress?: readonly Progress[];
  readonly reports?: readonly StoredReport[];
  /** Keys of reports that are no longer wanted. */
  readonly told?: readonly number[];
  readonly reportsAside?: readonly ReportAside[];
}

/** What a file takes over of another one, with keys of its own. */
export interface Adopted {
  readonly records: readonly JournalRecord[];
  readonly reports: readonly StoredReport[];
  readonly aside: readonly AsideRecord[];
}

/** What a file holds of earlier processes, without what is held back. `pushes` as accepted. */
export interface JournalBacklog {
  /** No record has a greater key; 0 when there is none. */
  readonly lastKey: number;
  readonly records: number;
  /** Those that are not settled. */
  readonly pushes: number;
}

/** What the queue needs of its file: all that a test must play when it plays the disk. */
export interface RecordStore {
  readonly deaths: Deaths;
  readonly reportDeaths: Deaths;
  readonly reports: ReportStore;
  /** All or nothing. @throws when it cannot be written; then nothing changed. */
  commit(change: Change): void;
  /** Takes over what another file held. @throws when it cannot be written; then nothing changed. */
  adopt(adopted: Adopted): void;
  /** Takes up what an operator has released. @returns those rows, which are records and reports again */
  release(): AsideRecord[];
  backlog(): JournalBacklog;
  /** The requests whose ids begin so. */
  kept(prefix: string): KeptRequest[];
  /** The oldest record with a greater key that is not held back. */
  after(key: number): JournalRecord | undefined;
  record(key: number): JournalRecord | undefined;
  /** No report that is set aside has a greater key. */
  lastReport(): number;
  /**
   * Takes targets out of every request, those that are set aside too, and deletes reports that hold one of these texts.
   * @returns keys of those reports. @throws when it cannot be written; then nothing changed
   */
  erase(withdrawal: Withdrawal, reports: readonly string[]): readonly number[];
  /** Leaves no byte of what was deleted. False: that has to wait until the file is smaller. */
  scrub(): boolean;
  /** How many pages SQLite's log may have before they are moved into the file. */
  limitLog(pages: number): void;
  /**
   * Gives those that share a row for long one of their own, a few at a time, and a part of what is free in the file back to the disk,
   * when there is much of it. To be called every half second. @returns true: again in a later turn of the event loop, there is more
   */
  shrink(): boolean;
  /**
   * Gives what is free back to a disk that has no room, in steps so small that they fit into next to nothing.
   * @returns false when there is more to give. @throws when not even that fits.
   */
  makeRoom(): boolean;
  close(): void;
}
