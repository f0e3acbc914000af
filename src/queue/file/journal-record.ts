import type { DatabaseSync } from 'node:sqlite';
import { setBits } from '../../kit/bits.ts';
import { FORMER_BUNDLE_ID, formerMembers } from './former/former-bundles.ts';
import { openMembers, readBundles } from './kept-bundles.ts';
import type { NewRecord } from './new-record.ts';
import { checkOf, readCheckedTrace } from './record-check.ts';

/** An accepted request as the file keeps it. */
export interface JournalRecord extends NewRecord {
  readonly body: Uint8Array;
  /** Settled targets, a bit for each place, by index of the notification. */
  readonly done: ReadonlyMap<number, Uint8Array>;
}

/** Its targets that are not settled, as far as the file knows. */
export const openPushes = ({ pushes, done }: Pick<JournalRecord, 'pushes' | 'done'>): number =>
  [...done.values()].reduce((open, bits) => open - setBits(bits), pushes);

/** Every record, oldest first; of those that share a row the ones that are not settled. @param kept the rows that are shared */
export function* readRecords(db: DatabaseSync, kept = readBundles(db)): Generator<JournalRecord> {
  const progress = readProgress(db);
  const members = openMembers(kept).map((member) => ({ ...member, done: NONE }));
  let next = 0;
  for (const each of db.prepare('SELECT * FROM request ORDER BY key').iterate()) {
    const row = each as unknown as RequestRow;
    while (next < members.length && (members[next] as JournalRecord).key < row.key)
      yield members[next++] as JournalRecord;
    const done = progress.get(row.key) ?? NONE;
    const former = row.id === FORMER_BUNDLE_ID ? formerMembers(row.key, row.body, done.get(0)) : undefined;
    if (former) for (const member of former) yield { ...member, done: NONE };
    else yield recordOf(row, done);
  }
  yield* members.slice(next);
}

const NONE: JournalRecord['done'] = new Map();

/** Settled targets by key, and by index of the notification. */
export function readProgress(db: DatabaseSync): ReadonlyMap<number, ReadonlyMap<number, Uint8Array>> {
  const progress = new Map<number, Map<number, Uint8Array>>();
  for (const row of db.prepare('SELECT key, notification, done FROM progress').iterate()) {
    const { key, notification, done } = row as { key: number; notification: number; done: Uint8Array };
    const ofRecord = progress.get(key) ?? new Map();
    progress.set(key, ofRecord.set(notification, done));
  }
  return progress;
}

/** A row as it is. */
export interface RequestRow {
  readonly key: number;
  readonly id: string;
  readonly app: string;
  readonly accepted_at: number;
  readonly pushes: number;
  readonly body: Uint8Array;
  /** Files of older versions that are only read have no such column. */
  readonly trace?: string | null;
}

export function recordOf(
  { accepted_at, trace: column, ...row }: RequestRow,
  done: ReadonlyMap<number, Uint8Array>,
): JournalRecord {
  const { trace, check } = readCheckedTrace(column);
  const record = { ...row, acceptedAt: accepted_at, ...(trace === undefined ? {} : { trace }), done };
  const isWhole = check === undefined || check === checkOf(record, record.body);
  // A bundle of an earlier version that does not say what it holds has no checksum.
  return isWhole && row.id !== FORMER_BUNDLE_ID ? record : { ...record, isDamaged: true };
}
