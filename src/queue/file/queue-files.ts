import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { ConfigError, toError } from '../../kit/errors.ts';
import { FileLock } from '../../kit/files/file-lock.ts';
import { isOwnFile } from '../../kit/files/owned-file.ts';
import { isDamage, setAside } from '../../kit/files/sqlite-file.ts';
import { Journal, type PushesFor, QUEUE_FILE, type StoredReport } from './journal.ts';
import type { JournalRecord } from './journal-record.ts';
import type { AsideRecord } from './set-aside.ts';

/** More processes than this on one folder are a mistake. */
const MOST_SLOTS = 256;

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
}

/** The first queue file of this family that no living process holds; what is no queue file is passed over. @throws when the folder cannot be written. */
export function ownFile(path: string): OwnedFile {
  mkdirSync(dirname(path), { recursive: true });
  for (let slot = 0; slot < MOST_SLOTS; slot++) {
    const candidate = slotPath(path, slot);
    if (slot > 0 && !isOwnFile(candidate, QUEUE_FILE)) continue;
    const lock = FileLock.take(candidate);
    if (lock) return { path: candidate, lock, left: new Set() };
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

/** Hands over the contents of every sibling that no living process holds, and removes the file once they are safe. A file of something else stays. */
export function adoptOrphans(path: string, own: string, adopter: Adopter, pushesFor?: PushesFor): void {
  for (const sibling of siblings(path)) {
    const lock = sibling === own || !isOwnFile(sibling, QUEUE_FILE) ? undefined : FileLock.take(sibling);
    if (!lock) continue;
    try {
      const contents = contentsOf(sibling, adopter, pushesFor);
      if (!contents) continue;
      if (contents.records.length + contents.reports.length + contents.aside.length > 0)
        adopter.take(contents, sibling);
      removeFile(sibling);
    } finally {
      // Its lock file stays: removed, it could be locked by two processes, one with the old file in hand.
      lock.release();
    }
  }
}

function contentsOf(path: string, adopter: Adopter, pushesFor?: PushesFor): Required<FileContents> | undefined {
  try {
    const journal = new Journal(path, 'normal', undefined, pushesFor);
    try {
      return { records: [...journal.records()], reports: journal.reports(), aside: journal.aside() };
    } finally {
      journal.close();
    }
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
