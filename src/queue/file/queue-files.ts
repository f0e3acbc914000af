import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { ConfigError, toError } from '../../kit/errors.ts';
import { FileLock } from '../../kit/files/file-lock.ts';
import { makeFolder } from '../../kit/files/make-folder.ts';
import { isOwnFile } from '../../kit/files/owned-file.ts';
import { isDamage, setAside } from '../../kit/files/sqlite-file.ts';
import { type PushesFor, QUEUE_FILE } from './file-format.ts';
import { Journal } from './journal.ts';
import type { JournalRecord } from './journal-record.ts';
import type { Portion, StoredReport } from './report-table.ts';
import type { AsideRecord } from './set-aside.ts';

/** More processes than this on one folder are a mistake. */
const MOST_SLOTS = 256;

/** Reports that are taken over at a time: the event loop stands still meanwhile. The rest is for the next look. */
const REPORTS_AT_A_TIME: Portion = { entries: 50_000, bytes: 32 * 1024 * 1024 };

/** `data/queue.db`, `data/queue-1.db`, `data/queue-2.db`, … */
export function slotPath(path: string, slot: number): string {
  const ending = extname(path);
  return slot === 0 ? path : `${path.slice(0, path.length - ending.length)}-${slot}${ending}`;
}

export interface OwnedFile {
  readonly path: string;
  readonly lock: FileLock;
  /** Why siblings were left alone, as far as the operator knows. */
  readonly left: Set<string>;
  /** Reports that siblings have handed over and could not forget yet. */
  readonly owed: Map<string, readonly StoredReport[]>;
}

/** The first queue file of this family that no living process holds; what is no queue file is passed over. @throws when the folder cannot be written. */
export function ownFile(path: string): OwnedFile {
  makeFolder(dirname(path));
  for (let slot = 0; slot < MOST_SLOTS; slot++) {
    const candidate = slotPath(path, slot);
    if (slot > 0 && !isOwnFile(candidate, QUEUE_FILE)) continue;
    const lock = FileLock.take(candidate);
    if (lock) return { path: candidate, lock, left: new Set(), owed: new Map() };
  }
  throw new Error(`${MOST_SLOTS} processes already use ${path} and its siblings`);
}

/** Every queue file of the family that exists. */
export function siblings(path: string): string[] {
  const ending = extname(path);
  const stem = basename(path, ending);
  const folder = dirname(path);
  return readdirSync(folder)
    .filter(
      (name) => extname(name) === ending && (name === stem + ending || isSlotOf(name.slice(0, -ending.length), stem)),
    )
    .map((name) => join(folder, name));
}

const isSlotOf = (name: string, stem: string): boolean =>
  name.startsWith(`${stem}-`) && /^\d{1,3}$/.test(name.slice(stem.length + 1));

export interface FileContents {
  readonly records: readonly JournalRecord[];
  readonly reports: readonly StoredReport[];
  readonly aside?: readonly AsideRecord[];
}

export interface Adopter {
  /** Keeps the contents. @throws when it cannot; then the file stays. */
  take(contents: FileContents, from: string): void;
  damaged(from: string, aside: string, why: string): void;
  /** It holds pushes for others, as `why` says, and stays. */
  left(why: ConfigError): void;
}

/**
 * Hands over the contents of every sibling that no living process holds, and removes the file once they are safe; of very many reports a
 * part. A file of something else stays.
 */
export function adoptOrphans(path: string, own: OwnedFile, adopter: Adopter, pushesFor?: PushesFor): void {
  for (const sibling of siblings(path)) {
    const lock = sibling === own.path || !isOwnFile(sibling, QUEUE_FILE) ? undefined : FileLock.take(sibling);
    if (!lock) continue;
    try {
      if (takeOver(sibling, own, adopter, pushesFor)) removeFile(sibling);
    } finally {
      // Its lock file stays: removed, it could be locked by two processes, one with the old file in hand.
      lock.release();
    }
  }
}

/** @returns whether nothing is left in it. @throws when its contents cannot be kept, or not forgotten */
function takeOver(path: string, own: OwnedFile, adopter: Adopter, pushesFor?: PushesFor): boolean {
  const opened = attempt(path, adopter, () => openOrphan(path, own, pushesFor));
  if (!opened) return false;
  const { journal, contents } = opened;
  const { records, reports, aside } = contents;
  try {
    if (records.length + reports.length + aside.length > 0) adopter.take(contents, path);
    if (journal.reports.lastKey() <= (reports.at(-1)?.key ?? 0)) return true;
    own.owed.set(path, reports);
    forgetOwed(path, journal, own);
    return false;
  } finally {
    journal.close();
  }
}

function forgetOwed(path: string, journal: Journal, { owed }: OwnedFile): void {
  const reports = owed.get(path);
  if (reports) journal.gaveAway(reports);
  owed.delete(path);
}

function openOrphan(
  path: string,
  own: OwnedFile,
  pushesFor?: PushesFor,
): { readonly journal: Journal; readonly contents: Required<FileContents> } {
  const journal = new Journal(path, 'normal', undefined, pushesFor);
  try {
    forgetOwed(path, journal, own);
    const reports = journal.reports.oldest(REPORTS_AT_A_TIME);
    return { journal, contents: { records: [...journal.records()], reports, aside: journal.aside() } };
  } catch (error) {
    journal.close();
    throw error;
  }
}

/** @returns undefined for a file that is left alone, or damaged and set aside */
function attempt<Result>(path: string, adopter: Adopter, read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) return void adopter.left(error);
    if (!isDamage(error)) throw error;
    adopter.damaged(path, setAside(path, new Date()), toError(error).message);
    return undefined;
  }
}

function removeFile(path: string): void {
  for (const part of ['', '-wal', '-shm', '-reserve']) rmSync(path + part, { force: true });
}
