/**
 * A person's inbox: every notification that is for the person, by whatever channel, newest first. `place` orders it; `offset` grows with
 * each change of what is in it, so that a client ignores counts that are older than what it has seen.
 */
import { sql } from 'kysely';
import type { HubDb, Row } from '../../storage/storage.ts';
import { SLOTS } from '../../words/place.ts';
import { isDigest } from '../digests/digest-id.ts';

export type InboxRow = Pick<
  Row<'recipients'>,
  'notification' | 'place' | 'visible_at' | 'seen_at' | 'read_at' | 'acked_at' | 'acted_at'
> &
  Pick<Row<'notifications'>, 'app' | 'id' | 'type' | 'priority' | 'doc' | 'created_at'>;

export interface InboxBefore {
  readonly place: number;
  readonly notification: string;
}

/** Rows of a person that are there: not removed, and whose time has come. */
const present = (db: HubDb, app: string, user: string, now: number) =>
  db
    .selectFrom('recipients as r')
    .where('r.app', '=', app)
    .where('r.user', '=', user)
    .where('r.removed_at', 'is', null)
    .where((eb) => eb.or([eb('r.visible_at', 'is', null), eb('r.visible_at', '<=', now)]));

/** Of them those that are listed: not hidden, which is what the person has switched off, and digests, whose items are listed. */
const shown = (...of: Parameters<typeof present>) => present(...of).where('r.hidden', '=', 0);

export interface InboxPage {
  readonly app: string;
  readonly user: string;
  readonly now: number;
  readonly limit: number;
  readonly before?: InboxBefore | undefined;
}

/** Newest first. */
export function inboxRows(db: HubDb, { app, user, now, limit, before }: InboxPage): Promise<InboxRow[]> {
  let query = shown(db, app, user, now)
    .innerJoin('notifications as n', (join) => join.onRef('n.app', '=', 'r.app').onRef('n.id', '=', 'r.notification'))
    .select(['r.notification', 'r.place', 'r.visible_at', 'r.seen_at', 'r.read_at', 'r.acked_at', 'r.acted_at'])
    .select(['n.app', 'n.id', 'n.type', 'n.priority', 'n.doc', 'n.created_at']);
  if (before !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('r.place', '<', before.place),
        eb.and([eb('r.place', '=', before.place), eb('r.notification', '<', before.notification)]),
      ]),
    );
  return query.orderBy('r.place', 'desc').orderBy('r.notification', 'desc').limit(limit).execute();
}

export interface InboxCounts {
  readonly unread: number;
  readonly unseen: number;
  readonly offset: number;
}

export async function inboxCounts(db: HubDb, app: string, user: string, now: number): Promise<InboxCounts> {
  const counts = await shown(db, app, user, now)
    .select((eb) => [
      eb.fn.sum<number | null>(eb.case().when('r.read_at', 'is', null).then(1).else(0).end()).as('unread'),
      eb.fn.sum<number | null>(eb.case().when('r.seen_at', 'is', null).then(1).else(0).end()).as('unseen'),
    ])
    .executeTakeFirst();
  return {
    unread: Number(counts?.unread ?? 0),
    unseen: Number(counts?.unseen ?? 0),
    offset: await inboxOffset(db, app, user),
  };
}

/** Of all that is or was in it: removing changes the counts too. */
async function inboxOffset(db: HubDb, app: string, user: string): Promise<number> {
  const latest = (column: 'seen_at' | 'read_at' | 'removed_at' | 'visible_at') =>
    sql<number>`coalesce(max(${sql.ref(column)}), 0) * ${sql.lit(SLOTS)}`;
  const row = await db
    .selectFrom('recipients')
    .select((eb) => [eb.fn.max<number | null>('place').as('place')])
    .select([latest('seen_at').as('seen'), latest('read_at').as('read'), latest('removed_at').as('removed')])
    .where('app', '=', app)
    .where('user', '=', user)
    .executeTakeFirst();
  return Math.max(...[row?.place, row?.seen, row?.read, row?.removed].map((each) => Number(each ?? 0)));
}

/** One notification of a person; undefined when it is not theirs, hidden, or not yet to be seen. */
export const inboxRow = (
  db: HubDb,
  app: string,
  user: string,
  notification: string,
  now: number,
): Promise<Row<'recipients'> | undefined> =>
  // A push of a digest names the digest: an app reads and marks it as any other.
  (isDigest(notification) ? present : shown)(db, app, user, now)
    .selectAll()
    .where('r.notification', '=', notification)
    .executeTakeFirst();

export interface UnreadQuery {
  readonly app: string;
  readonly user: string;
  readonly now: number;
  readonly before: number | undefined;
  readonly limit: number;
}

/** Those of a person that are not read, and not newer than `before` where that is given. */
export function unreadRows(db: HubDb, { app, user, now, before, limit }: UnreadQuery): Promise<Row<'recipients'>[]> {
  let query = shown(db, app, user, now).selectAll().where('r.read_at', 'is', null);
  if (before !== undefined) query = query.where('r.place', '<=', before * SLOTS + SLOTS - 1);
  return query.limit(limit).execute();
}

/** Takes a notification out of the inbox. False when it is not there. */
export async function removeFromInbox(
  tx: HubDb,
  app: string,
  user: string,
  notification: string,
  now: number,
): Promise<boolean> {
  const removed = await tx
    .updateTable('recipients')
    .set({ removed_at: now })
    .where('app', '=', app)
    .where('user', '=', user)
    .where('notification', '=', notification)
    .where('removed_at', 'is', null)
    .returning('user')
    .execute();
  return removed.length > 0;
}
