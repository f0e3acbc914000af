import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { setBits } from '../../kit/bits.ts';
import type { Sums } from './bundle.ts';
import { OWNERS, type PushesFor } from './file-format.ts';
import { type JournalRecord, readRecords } from './journal-record.ts';
import { readBundles } from './kept-bundles.ts';
import { type AsideRecord, readAside } from './set-aside.ts';

const READER_BUSY_MS = 5000;

/** What a queue file holds at one moment. */
export interface JournalSnapshot {
  readonly totals: Sums;
  readonly records: readonly JournalRecord[];
  /** Failed pushes that the feedback hook has not taken. */
  readonly reports: number;
  /** What is not tried again, oldest first. */
  readonly aside: readonly AsideRecord[];
  /** Absent: the file does not say. */
  readonly pushesFor?: PushesFor | undefined;
}

/**
 * Reads a queue file without changing anything, whether a process uses it or not.
 * @throws when there is no such file, or it cannot be read.
 */
export function readJournal(path: string): JournalSnapshot {
  statSync(path);
  const url = pathToFileURL(path);
  // Without a log it has no writer; and a reader that created one would make a file that the relay may not own.
  url.search = existsSync(`${path}-wal`) ? 'mode=ro' : 'immutable=1';
  const db = new DatabaseSync(url, { readOnly: true, timeout: READER_BUSY_MS });
  try {
    db.exec('BEGIN');
    const kept = readBundles(db);
    const { count } = db.prepare('SELECT count(*) AS count FROM report').get() as { count: number };
    const { user_version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    const pushesFor =
      user_version === OWNERS.sandbox ? 'sandbox' : user_version === OWNERS.providers ? 'providers' : undefined;
    const records = [...readRecords(db, kept)];
    return { totals: kept.sums, records, reports: count, aside: readAside(db), pushesFor };
  } finally {
    db.close();
  }
}

/** Targets of a record without a final outcome. */
export const remaining = (record: JournalRecord): number =>
  [...record.done.values()].reduce((left, done) => left - setBits(done), record.pushes);
