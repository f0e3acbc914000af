/**
 * What a person has done with a notification: acked < seen < read < acted. A later mark implies those before it, a mark is set once
 * and never taken back.
 */
import { type ExpressionBuilder, sql } from 'kysely';
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../analytics/roll-notes.ts';
import { leadingTo } from '../notifications/decision-state.ts';
import type { HubDb, Row } from '../storage/storage.ts';
import type { HubTables } from '../storage/tables.ts';
import { waits } from './rows/decision-rows.ts';

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

const upTo = (mark: Mark): readonly Mark[] => marks.slice(0, marks.indexOf(mark) + 1);

/** Whose marks. */
export interface MarkOwner {
  readonly app: string;
  readonly user: string;
}

/** Rows a statement. */
const AT_ONCE = 500;

const pagesOf = <T>(rows: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(rows.length / AT_ONCE) }, (_, page) =>
    rows.slice(page * AT_ONCE, (page + 1) * AT_ONCE),
  );

/**
 * Marks a person's notifications with the mark and those that it implies.
 * @returns the notifications of which anything was not marked before
 */
export async function markRows(
  tx: HubDb,
  { app, user }: MarkOwner,
  rows: readonly RecipientRow[],
  mark: Mark,
  now: number,
): Promise<string[]> {
  const columns = upTo(mark).map((each) => columnOf[each]);
  const fresh = rows.filter((row) => columns.some((column) => row[column] === null));
  const set = Object.fromEntries(columns.map((column) => [column, sql<number>`coalesce(${sql.ref(column)}, ${now})`]));
  const ids = fresh.map(({ notification }) => notification);
  for (const page of pagesOf(ids))
    await tx
      .updateTable('recipients')
      .set(set)
      .where('app', '=', app)
      .where('notification', 'in', page)
      .where('user', '=', user)
      .execute();
  return ids;
}

/** What a mark makes of decisions by which the person was reached, and out of which states. */
const REACHED = {
  acked: { state: 'delivered', from: ['sent'] },
  seen: { state: 'seen', from: ['sent', 'delivered'] },
  read: { state: 'read', from: ['sent', 'delivered', 'seen'] },
  acted: { state: 'read', from: ['sent', 'delivered', 'seen'] },
} as const satisfies Record<Mark, { readonly state: string; readonly from: readonly string[] }>;

const ofOwner =
  ({ app, user }: MarkOwner, notifications: readonly string[]) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>) =>
    eb.and([eb('app', '=', app), eb('user', '=', user), eb('notification', 'in', notifications)]);

/** A decision that a mark has changed. */
export interface MarkedDecision extends DecidedFact {
  readonly notification: string;
}

const CHANGED = ['app', 'notification', 'channel', 'platform', 'state', 'reason'] as const;

/** A person who has it in hand was reached: by the stream, as far as it was acknowledged; by all that was sent, once it is seen. */
export async function noteReached(
  tx: HubDb,
  owner: MarkOwner,
  notifications: readonly string[],
  mark: Mark,
  now: number,
): Promise<MarkedDecision[]> {
  const { state, from } = REACHED[mark];
  const changed: MarkedDecision[] = [];
  const notes = new RollNotes();
  for (const page of pagesOf(notifications))
    for (const before of from) {
      let query = tx
        .updateTable('decisions')
        .set({ state, at: now, until: null })
        .where(ofOwner(owner, page))
        .where('state', '=', before);
      if (mark === 'acked') query = query.where('channel', '=', 'realtime');
      for (const { platform, ...row } of await query.returning(CHANGED).execute()) {
        notes.moved({ ...row, platform }, { state: before }, row);
        changed.push(row);
      }
    }
  await notes.write(tx);
  return changed;
}

/**
 * A device says that it has a push: it was delivered, also where its provider has not answered yet, or did not in time.
 * @param device empty: it is not known which; then the push was delivered if it went to one device alone
 * @returns what was not known before
 */
export async function noteDelivered(
  tx: HubDb,
  { app, user }: MarkOwner,
  { notification, device }: { readonly notification: string; readonly device: string },
  now: number,
): Promise<MarkedDecision[]> {
  const rows = await tx
    .selectFrom('decisions')
    .select(['hop', 'device', 'state', 'reason', 'category'])
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '=', user)
    .where('channel', '=', 'push')
    .where('device', '!=', '')
    .execute();
  const [only] = device === '' ? rows : rows.filter((row) => row.device === device);
  if (!only || (device === '' && rows.length > 1)) return [];
  const changed = await tx
    .updateTable('decisions')
    .set({ state: 'delivered', reason: null, category: null, at: now, until: null })
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '=', user)
    .where('channel', '=', 'push')
    .where('device', '=', only.device)
    .where('state', 'in', leadingTo('delivered'))
    .where('due_row', 'is', null)
    .returning([...CHANGED, 'hop'])
    .execute();
  const notes = new RollNotes();
  for (const row of changed)
    notes.moved(
      row,
      rows.find(({ hop, device: on }) => hop === row.hop && on === only.device),
      row,
    );
  await notes.write(tx);
  return changed.map(({ platform: _, hop: __, ...row }) => row);
}

/** Devices of the person that these notifications were pushed to and have been read since, each once for each notification. */
export async function pushedTo(
  tx: HubDb,
  owner: MarkOwner,
  notifications: readonly string[],
): Promise<{ readonly device: string; readonly notification: string }[]> {
  const found: { readonly device: string; readonly notification: string }[] = [];
  for (const page of pagesOf(notifications))
    found.push(
      ...(await tx
        .selectFrom('decisions')
        .select(['device', 'notification'])
        .distinct()
        .where(ofOwner(owner, page))
        .where('channel', '=', 'push')
        .where('device', '!=', '')
        .where('state', '=', 'read')
        .execute()),
    );
  return found;
}

/**
 * Cancels what has not left of one person's notifications.
 * @param states `deferred`: what is held; with `pending` also what waits for another hop
 * @returns what was cancelled
 */
export async function cancelOpen(
  tx: HubDb,
  owner: MarkOwner,
  notifications: readonly string[],
  { reason, states, now }: { readonly reason: string; readonly states: readonly string[]; readonly now: number },
): Promise<MarkedDecision[]> {
  const cancelled: MarkedDecision[] = [];
  const notes = new RollNotes();
  for (const page of pagesOf(notifications)) {
    for (const before of states) {
      const rows = await tx
        .updateTable('decisions')
        .set({ state: 'cancelled', reason, at: now, until: null, due_row: null })
        .where(ofOwner(owner, page))
        .where('state', '=', before)
        .where(waits)
        .returning(CHANGED)
        .execute();
      for (const { platform, ...row } of rows) {
        notes.moved({ ...row, platform }, { state: before }, row);
        cancelled.push(row);
      }
    }
  }
  await notes.write(tx);
  return cancelled;
}

/** Those of the notifications of which a hop waits for another one. */
export async function waitingOf(tx: HubDb, owner: MarkOwner, notifications: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const page of pagesOf(notifications)) {
    const rows = await tx
      .selectFrom('decisions')
      .select('notification')
      .distinct()
      .where(ofOwner(owner, page))
      .where('state', '=', 'pending')
      .where('due_row', 'is not', null)
      .execute();
    found.push(...rows.map(({ notification }) => notification));
  }
  return found;
}
