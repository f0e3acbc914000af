/**
 * What a person has done with a notification: acked < seen < read < acted. A later mark implies those before it, a mark is set once
 * and never taken back. A mark cancels what is still to come: from the acknowledgement on what waited for that, from the reading on all of it.
 */
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import type { HubDb, Row } from '../storage/storage.ts';
import { clearDue } from '../timers/due-rows.ts';
import { personDue } from './person-due.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';

export const marks = ['acked', 'seen', 'read', 'acted'] as const;
export type Mark = (typeof marks)[number];

const columnOf = { acked: 'acked_at', seen: 'seen_at', read: 'read_at', acted: 'acted_at' } as const satisfies Record<
  Mark,
  keyof Row<'recipients'>
>;

export type RecipientRow = Row<'recipients'>;

/** True when the person did at least this. */
export const isMarked = (row: RecipientRow, mark: Mark): boolean =>
  marks.slice(marks.indexOf(mark)).some((later) => row[columnOf[later]] !== null);

/** The columns that a mark sets: its own, and those it implies, where they are not set. */
function missing(row: RecipientRow, mark: Mark, now: number): Partial<Record<(typeof columnOf)[Mark], number>> {
  const implied = marks.slice(0, marks.indexOf(mark) + 1).map((each) => columnOf[each]);
  return Object.fromEntries(implied.filter((column) => row[column] === null).map((column) => [column, now]));
}

export interface MarkedRow {
  readonly notification: string;
  /** Whether anything was not marked before. */
  readonly isNew: boolean;
}

/**
 * Marks a person's notifications, in one transaction with what that cancels.
 * @returns those that the person has; the others are unknown
 */
export async function markRows(
  tx: HubDb,
  { app, user }: { readonly app: string; readonly user: string },
  rows: readonly RecipientRow[],
  mark: Mark,
  now: number,
): Promise<MarkedRow[]> {
  const marked: MarkedRow[] = [];
  for (const row of rows) {
    const change = missing(row, mark, now);
    const isNew = Object.keys(change).length > 0;
    marked.push({ notification: row.notification, isNew });
    if (!isNew) continue;
    await tx
      .updateTable('recipients')
      .set(change)
      .where('app', '=', app)
      .where('notification', '=', row.notification)
      .where('user', '=', user)
      .execute();
  }
  return marked;
}

/** What a mark makes of decisions by which the person was reached, and out of which states. */
const REACHED = {
  acked: { state: 'delivered', from: ['sent'] },
  seen: { state: 'seen', from: ['sent', 'delivered'] },
  read: { state: 'read', from: ['sent', 'delivered', 'seen'] },
  acted: { state: 'read', from: ['sent', 'delivered', 'seen'] },
} as const satisfies Record<Mark, { readonly state: string; readonly from: readonly string[] }>;

/** A person who has it in hand was reached: by the stream, as far as it was acknowledged; by all that was sent, once it is seen. @returns by what */
export async function noteReached(
  tx: HubDb,
  { app, notification, user }: { readonly app: string; readonly notification: string; readonly user: string },
  mark: Mark,
  now: number,
): Promise<DecidedFact[]> {
  const { state, from } = REACHED[mark];
  let query = tx
    .updateTable('decisions')
    .set({ state, at: now, until: null })
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '=', user)
    .where('state', 'in', from);
  if (mark === 'acked') query = query.where('channel', '=', 'realtime');
  return query.returning(['app', 'channel', 'state', 'reason']).execute();
}

/** Cancels what has not left of one person's notification. @returns the decisions that it was */
export async function cancelOpen(
  tx: HubDb,
  { app, notification, user }: { readonly app: string; readonly notification: string; readonly user: string },
  reason: string,
  now: number,
): Promise<DecidedFact[]> {
  const rows = await tx
    .updateTable('decisions')
    .set({ state: 'cancelled', reason, at: now, until: null })
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '=', user)
    .where('state', 'in', OPEN_STATES)
    .where('due_row', 'is not', null)
    .returning(['app', 'channel', 'state', 'reason'])
    .execute();
  await clearDue(tx, [personDue(app, notification, user)]);
  return rows;
}
