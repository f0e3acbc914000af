import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../analytics/roll-notes.ts';
import type { AcceptedNotification } from '../notifications/decide-input.ts';
import type { WithdrawnNotices } from '../notifications/notices.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import type { HubTables } from '../storage/tables.ts';
import { clearDue } from '../timers/due-rows.ts';
import { personDue } from './person-due.ts';
import { OPEN_STATES, SUPERSEDED, waits } from './rows/decision-rows.ts';
import { hideToCome } from './rows/recipient-rows.ts';
import { settleStatuses } from './settle-status.ts';

export interface Collapsing {
  /** They are of a later page: what was accepted meanwhile is later, and takes the place of this one. */
  readonly isLaterPage: boolean;
  /** UNIX milliseconds. */
  readonly now: number;
}

export interface Collapsed {
  readonly changed: readonly DecidedFact[];
  /** People for whom a later notification with the same key was decided about already. */
  readonly superseded: ReadonlySet<string>;
}

/**
 * Cancels what has not left of earlier notifications with the same collapse key to these people. What a carrier has is noted, so that it
 * is not sent again should it come back.
 */
export async function collapse(
  tx: HubDb,
  notification: AcceptedNotification,
  users: readonly string[],
  { isLaterPage, now }: Collapsing,
): Promise<Collapsed> {
  const { app, id, collapse_key: key } = notification;
  if (key === undefined || users.length === 0) return { changed: [], superseded: new Set() };
  const which = (eb: NotificationIn) =>
    eb.and([
      eb('collapse_key', '=', key),
      eb('id', '!=', id),
      ...(isLaterPage ? [eb('collapse_place', '<', placeOf(eb, app, id))] : []),
    ]);
  // There seldom is one that is not over, and asking costs little.
  const isOpen = (await openWithKey(tx, { app, key, id })).length > 0;
  const changed = isOpen ? await takeFromPeople(tx, { app, users, which, reason: SUPERSEDED }, now) : [];
  return { changed, superseded: isLaterPage ? await supersededIn(tx, { app, key, id }, users) : new Set() };
}

interface WithKey {
  readonly app: string;
  readonly key: string;
  readonly id: string;
}

const openWithKey = prepared((db, { app, key, id }: WithKey) =>
  db
    .selectFrom('notifications')
    .select('id')
    .where('app', '=', app)
    .where('collapse_key', '=', key)
    .where('id', '!=', id)
    .where('status', 'in', ['pending', 'scheduled'])
    .limit(1),
);

/** The same of all notices about something, to people whom it does not concern any more. @returns what was cancelled */
export async function withdraw(
  tx: HubDb,
  { app, about, users }: WithdrawnNotices,
  now: number,
): Promise<readonly DecidedFact[]> {
  if (users.length === 0) return [];
  const which = (eb: NotificationIn) =>
    eb.and([eb('about', '=', about), eb('ended', 'is', null), eb('status', 'in', ['pending', 'scheduled'])]);
  return takeFromPeople(tx, { app, users, which, reason: 'cancelled' }, now);
}

type NotificationIn = ExpressionBuilder<HubTables, 'notifications'>;

/** Of a notification that was taken, among those with its collapse key. No clock says which is the later one. */
const placeOf = (eb: NotificationIn, app: string, id: string) =>
  eb
    .selectFrom('notifications as own')
    .select('own.collapse_place')
    .where('own.app', '=', app)
    .where('own.id', '=', id);

interface TakenFrom {
  readonly app: string;
  readonly users: readonly string[];
  readonly which: (eb: NotificationIn) => Expression<SqlBool>;
  /** Of what has not left. */
  readonly reason: string;
}

type Taken = DecidedFact & { readonly notification: string; readonly user: string };

async function takeFromPeople(
  tx: HubDb,
  { app, users, which, reason }: TakenFrom,
  now: number,
): Promise<readonly DecidedFact[]> {
  const earlier = (eb: ExpressionBuilder<HubTables, 'decisions'>) =>
    eb.and([
      eb('app', '=', app),
      eb('user', 'in', users),
      eb('notification', 'in', eb.selectFrom('notifications').select('id').where('app', '=', app).where(which)),
    ]);
  const rows: Taken[] = [];
  const notes = new RollNotes();
  for (const from of OPEN_STATES) {
    const some = await tx
      .updateTable('decisions')
      .set({ state: 'cancelled', reason, at: now, until: null, due_row: null })
      .where(earlier)
      .where(waits)
      .where('state', '=', from)
      .returning(['app', 'notification', 'user', 'channel', 'platform', 'state', 'reason'])
      .execute();
    for (const row of some) notes.moved(row, { state: from }, row);
    rows.push(...some);
  }
  await notes.write(tx);
  await tx
    .updateTable('decisions')
    .set({ reason: SUPERSEDED })
    .where(earlier)
    .where('state', '=', 'pending')
    .where('batch', 'is not', null)
    .execute();
  await clearDue(
    tx,
    rows.map(({ notification, user }) => personDue(app, notification, user)),
  );
  const notifications = new Set(rows.map(({ notification }) => notification));
  await hideToCome(tx, { app, notifications, users, now });
  await settleStatuses(tx, app, notifications, now);
  return rows;
}

/** People of a notification for whom a later one with its collapse key was decided about. */
export async function supersededIn(
  tx: HubDb,
  { app, id, key }: WithKey,
  users: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('recipients')
    .select('user')
    .where('app', '=', app)
    .where('user', 'in', users)
    .where('notification', 'in', (eb) =>
      eb
        .selectFrom('notifications')
        .select('id')
        .where('app', '=', app)
        .where('collapse_key', '=', key)
        .where((inner) => inner('collapse_place', '>', placeOf(inner, app, id))),
    )
    .execute();
  return new Set(rows.map(({ user }) => user));
}
