/** A small queue file whose contents are known, and what a process finds in it after something has happened to its bytes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDamage } from '../../../src/kit/files/sqlite-file.ts';
import { Journal } from '../../../src/queue/file/journal.ts';
import type { JournalRecord } from '../../../src/queue/file/journal-record.ts';
import type { NewRecord } from '../../../src/queue/file/new-record.ts';

const RECORDS = 24;
const SQLITE_ERROR = 1;

export const bodyOf = (key: number): string =>
  JSON.stringify({
    notifications: [{ tokens: [`token-${key}-${'abcdef'.repeat(5)}`], platform: 1, message: `m${key}` }],
  });

const record = (key: number): NewRecord => ({
  ...{ key, id: `request-${key}`, app: key % 3 === 0 ? 'other' : 'default', acceptedAt: 1000 + key },
  // Some have a row of their own, some share one.
  ...{ pushes: key % 4 === 0 ? 2 : 1, body: bodyOf(key), ...(key % 5 === 0 ? { trace: '00-parent\nstate' } : {}) },
});

/** What is as it was written, as one text; whose trace it belongs to is no part of a push. */
const told = ({ id, app, acceptedAt, pushes, body }: NewRecord | JournalRecord): string =>
  JSON.stringify([id, app, acceptedAt, pushes, Buffer.from(body).toString()]);

const WRITTEN = new Map(Array.from({ length: RECORDS }, (_, index) => [told(record(index + 1)), index + 1]));

export interface FileBytes {
  readonly db: Buffer;
  readonly wal: Buffer;
}

export interface SmallFile {
  /** As a killed process leaves it; and as one that stopped in order. */
  readonly killed: FileBytes;
  readonly closed: FileBytes;
  /** Bytes of the log after each transaction, and how many records there were. */
  readonly steps: readonly { readonly end: number; readonly records: number }[];
}

/** @param folder is made */
function write(folder: string): SmallFile {
  const path = join(folder, 'made.db');
  const journal = new Journal(path, 'normal');
  const steps: { end: number; records: number }[] = [];
  for (let key = 1; key <= RECORDS; key += 4) {
    journal.commit({ records: [key, key + 1, key + 2, key + 3].map(record) });
    steps.push({ end: statSync(`${path}-wal`).size, records: key + 3 });
  }
  const killed = { db: readFileSync(path), wal: readFileSync(`${path}-wal`) };
  journal.close();
  return { killed, closed: { db: readFileSync(path), wal: Buffer.alloc(0) }, steps };
}

/** What of the file a process finds. */
export interface Found {
  /** It was not opened: it is damaged as a whole, and set aside. */
  readonly isAside: boolean;
  /** Those of which all is as it was written, and how many are known to be damaged. */
  readonly whole: readonly number[];
  readonly damaged: number;
  /** Records that nothing says are damaged, and that were never written so. */
  readonly invented: readonly string[];
}

export class DamagedFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'martlet-damage-'));
  readonly made: SmallFile;

  constructor() {
    mkdirSync(join(this.#folder, 'made'));
    this.made = write(join(this.#folder, 'made'));
  }

  /** @throws whatever is not understood as damage */
  open({ db, wal }: FileBytes): Found {
    const path = join(this.#folder, 'queue.db');
    for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
    writeFileSync(path, db);
    if (wal.length > 0) writeFileSync(`${path}-wal`, wal);
    let journal: Journal | undefined;
    try {
      journal = new Journal(path, 'normal');
      return foundIn([...journal.records()]);
    } catch (error) {
      // What the tables are like is a text in the file, too: a start that does not understand it ends, and names the file.
      if (!isDamage(error) && (error as { errcode?: number }).errcode !== SQLITE_ERROR) throw error;
      return { isAside: true, whole: [], damaged: 0, invented: [] };
    } finally {
      journal?.close();
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function foundIn(records: readonly JournalRecord[]): Found {
  const good = records.filter(({ isDamaged }) => !isDamaged);
  return {
    isAside: false,
    whole: good.flatMap((each) => WRITTEN.get(told(each)) ?? []),
    damaged: records.length - good.length,
    invented: good.map(told).filter((each) => !WRITTEN.has(each)),
  };
}

/** A copy with one bit changed. */
export function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}
