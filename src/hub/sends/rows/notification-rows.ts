import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, HubSeal, NewRow, Row } from '../../storage/storage.ts';
import { isOver, type NotificationStatus, type RecipientTotals } from '../totals.ts';
import type { ListPlaces } from './list-places.ts';

/** What a notification's text is sealed for. */
const boundTo = (app: string, id: string): string => `notification:${app}:${id}`;

export const sealDoc = (seal: HubSeal, app: string, id: string, doc: unknown): string =>
  seal.seal(JSON.stringify(doc), boundTo(app, id));

export const openDoc = <Doc>(seal: HubSeal, row: Pick<Row<'notifications'>, 'app' | 'id' | 'doc'>): Doc =>
  JSON.parse(seal.open(row.doc, boundTo(row.app, row.id)));

const byIds = prepared((db, { app, ids }: { readonly app: string; readonly ids: readonly string[] }) =>
  db.selectFrom('notifications').selectAll().where('app', '=', app).where('id', 'in', ids),
);

export const findNotification = async (db: HubDb, app: string, id: string): Promise<Row<'notifications'> | undefined> =>
  (await byIds(db, { app, ids: [id] }))[0];

export const findNotifications = (db: HubDb, app: string, ids: readonly string[]): Promise<Row<'notifications'>[]> =>
  byIds(db, { app, ids });

const insert = prepared((db, { rows }: { readonly rows: readonly NewRow<'notifications'>[] }) =>
  db.insertInto('notifications').values(rows),
);

export interface NotificationBegin {
  readonly notification: AcceptedNotification;
  readonly bodyHash: string;
  readonly status: NotificationStatus;
  readonly totals: RecipientTotals;
  /** Erasures of the app so far, where people are decided about later. */
  readonly erasures?: number | undefined;
}

interface WithKey {
  readonly app: string;
  readonly key: string;
}

const lastPlace = prepared((db, { app, key }: WithKey) =>
  db
    .selectFrom('notifications')
    .select('collapse_place')
    .where('app', '=', app)
    .where('collapse_key', '=', key)
    .orderBy('collapse_place', 'desc')
    .limit(1),
);

/** Places of notifications among those with the same collapse key, behind what is there; null where there is no key. */
async function newPlaces(tx: HubDb, begun: readonly NotificationBegin[]): Promise<readonly (number | null)[]> {
  const last = new Map<string, number>();
  const places: (number | null)[] = [];
  for (const { notification } of begun) {
    const { app, collapse_key: key } = notification;
    if (key === undefined) {
      places.push(null);
      continue;
    }
    const name = JSON.stringify([app, key]);
    const place = (last.get(name) ?? (await lastPlace(tx, { app, key }))[0]?.collapse_place ?? 0) + 1;
    last.set(name, place);
    places.push(place);
  }
  return places;
}

/** Writes notifications whose first people were decided about. @param now UNIX milliseconds */
export async function insertNotifications(
  tx: HubDb,
  begun: readonly NotificationBegin[],
  { seal, now, places }: { readonly seal: HubSeal; readonly now: number; readonly places: ListPlaces },
): Promise<void> {
  const collapsing = await newPlaces(tx, begun);
  const rows = begun.map((one, index) => ({
    ...rowOf(one, seal, now),
    place: places.next(one.notification.app),
    collapse_place: collapsing[index] ?? null,
  }));
  await insert(tx, { rows });
}

function rowOf(
  { notification, bodyHash, status, totals, erasures }: NotificationBegin,
  seal: HubSeal,
  now: number,
): Omit<NewRow<'notifications'>, 'place' | 'collapse_place'> {
  const { app, id, type, priority, created_at, expires_at: expires, cancel_key, collapse_key, about } = notification;
  return {
    ...{ app, id, type, priority, created_at, status, send_at: null },
    ...{ doc: sealDoc(seal, app, id, notification), body_hash: bodyHash, totals: JSON.stringify(totals) },
    expires_at: expires === undefined ? null : Date.parse(expires),
    ...{ cancel_key: cancel_key ?? null, collapse_key: collapse_key ?? null },
    ...{ done_at: isOver(status) ? now : null, about: about ?? null, ended: null },
    erasures: erasures ?? null,
  };
}

export async function setTotals(tx: HubDb, app: string, id: string, totals: RecipientTotals): Promise<void> {
  await tx
    .updateTable('notifications')
    .set({ totals: JSON.stringify(totals) })
    .where('app', '=', app)
    .where('id', '=', id)
    .execute();
}

interface OfNotification {
  readonly app: string;
  readonly notification: string;
}

export const keyOf = ({ app, notification }: OfNotification): string => JSON.stringify([app, notification]);

/** Which of them are not to leave any more, whatever is still open of them. */
export async function endedAmong(db: HubDb, some: readonly OfNotification[]): Promise<ReadonlySet<string>> {
  const ended = new Set<string>();
  for (const [app, own] of Map.groupBy(some, (each) => each.app)) {
    const ids = [...new Set(own.map(({ notification }) => notification))];
    const rows = await db
      .selectFrom('notifications')
      .select('id')
      .where('app', '=', app)
      .where('id', 'in', ids)
      .where((eb) => eb.or([eb('ended', 'is not', null), eb('status', '=', 'cancelled')]))
      .execute();
    for (const { id } of rows) ended.add(keyOf({ app, notification: id }));
  }
  return ended;
}

export async function setStatus(
  tx: HubDb,
  app: string,
  id: string,
  status: NotificationStatus,
  doneAt: number | null,
): Promise<void> {
  await tx
    .updateTable('notifications')
    .set({ status, done_at: doneAt })
    .where('app', '=', app)
    .where('id', '=', id)
    .execute();
}

/** Where a page of the list begins. */
export interface NotificationsBefore {
  readonly place: number;
  readonly id: string;
}

export interface NotificationsQuery {
  readonly app: string;
  readonly status?: NotificationStatus | undefined;
  readonly type?: string | undefined;
  readonly user?: string | undefined;
  readonly before?: NotificationsBefore | undefined;
  readonly limit: number;
}

const SUMMARY = [
  ...(['app', 'id', 'type', 'status', 'priority', 'created_at', 'done_at', 'totals'] as const),
  ...(['cancel_key', 'collapse_key', 'place'] as const),
] as const;

/** A notification without what it says, which may be a megabyte. */
export type NotificationSummary = Pick<Row<'notifications'>, (typeof SUMMARY)[number]>;

/** Newest first. */
export function listNotifications(
  db: HubDb,
  { app, status, type, user, before, limit }: NotificationsQuery,
): Promise<NotificationSummary[]> {
  let query = db.selectFrom('notifications').select(SUMMARY).where('app', '=', app);
  if (status !== undefined) query = query.where('status', '=', status);
  if (type !== undefined) query = query.where('type', '=', type);
  if (user !== undefined)
    query = query.where('id', 'in', (eb) =>
      eb.selectFrom('recipients').select('notification').where('app', '=', app).where('user', '=', user),
    );
  if (before !== undefined)
    query = query.where((eb) =>
      eb.or([eb('place', '<', before.place), eb.and([eb('place', '=', before.place), eb('id', '<', before.id)])]),
    );
  return query.orderBy('place', 'desc').orderBy('id', 'desc').limit(limit).execute();
}
