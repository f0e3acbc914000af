import type { DatabaseSync } from 'node:sqlite';

/** An accepted request as the file keeps it. */
export interface JournalRecord {
  readonly key: number;
  readonly id: string;
  readonly app: string;
  /** UNIX milliseconds. */
  readonly acceptedAt: number;
  /** Targets of all its notifications. */
  readonly pushes: number;
  /** The request as received: `{"notifications": [...]}`. */
  readonly body: Uint8Array;
  /** W3C Trace Context, packed; where pushes are traced. */
  readonly trace?: string | undefined;
  /** Settled targets, a bit for each place, by index of the notification. */
  readonly done: ReadonlyMap<number, Uint8Array>;
  /** Processes that ended without closing while they had it in hand (deaths.ts); absent: none. */
  readonly deaths?: number;
}

/** Every record, oldest first. */
export function* readRecords(db: DatabaseSync): Generator<JournalRecord> {
  const progress = readProgress(db);
  for (const each of db.prepare('SELECT * FROM request ORDER BY key').iterate()) {
    const row = each as unknown as RequestRow;
    yield recordOf(row, progress.get(row.key) ?? new Map());
  }
}

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

export const recordOf = (
  { accepted_at, trace, ...row }: RequestRow,
  done: ReadonlyMap<number, Uint8Array>,
): JournalRecord => ({
  ...row,
  acceptedAt: accepted_at,
  ...(typeof trace === 'string' ? { trace } : {}),
  done,
});
