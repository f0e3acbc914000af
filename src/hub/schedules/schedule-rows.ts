import { prepared } from '../storage/prepared.ts';
import type { RowPage } from '../storage/row-page.ts';
import type { HubDb, HubSeal, Row } from '../storage/storage.ts';
import { readablePage } from '../storage/unreadable.ts';
import { clearDue, type Due, setDue } from '../timers/due-rows.ts';
import type { HubSchedule, ScheduleDoc } from './schedule.ts';

export const SCHEDULE_DUE = 'schedule';

const boundTo = (app: string, id: string): string => `schedule:${JSON.stringify([app, id])}`;

const openSchedule = (seal: HubSeal, { doc, ...row }: Row<'schedules'>): HubSchedule => ({
  ...row,
  doc: JSON.parse(seal.open(doc, boundTo(row.app, row.id))) as ScheduleDoc,
});

const byId = prepared((db, { app, id }: { readonly app: string; readonly id: string }) =>
  db.selectFrom('schedules').selectAll().where('app', '=', app).where('id', '=', id),
);

export async function loadSchedule(
  db: HubDb,
  seal: HubSeal,
  app: string,
  id: string,
): Promise<HubSchedule | undefined> {
  const [row] = await byId(db, { app, id });
  return row && openSchedule(seal, row);
}

export const scheduleDue = (app: string, id: string): Pick<Due, 'app' | 'kind' | 'ref'> => ({
  ...{ app, kind: SCHEDULE_DUE, ref: JSON.stringify([id]) },
});

export const scheduleOfRef = (ref: string): string => (JSON.parse(ref) as [string])[0];

/** People that a schedule names. */
export const namedIn = ({ notification: { to } }: ScheduleDoc): readonly string[] => [
  ...(to.users ?? []),
  ...(to.except ?? []),
];

/** Writes a schedule as it is now, with its timer. @param isTimed the timer is to be set */
export async function saveSchedule(tx: HubDb, seal: HubSeal, schedule: HubSchedule, isTimed: boolean): Promise<void> {
  const { app, id, doc, next_at: at } = schedule;
  const row = { ...schedule, doc: seal.seal(JSON.stringify(doc), boundTo(app, id)) };
  await tx
    .insertInto('schedules')
    .values(row)
    .onConflict((conflict) => conflict.columns(['app', 'id']).doUpdateSet(row))
    .execute();
  if (!isTimed) return;
  if (at === null) await clearDue(tx, [scheduleDue(app, id)]);
  else await setDue(tx, [{ ...scheduleDue(app, id), at }]);
}

/** Rows a statement. */
const AT_ONCE = 500;

/** Notes who is named in it, so that an erasure finds it. */
export async function notePeople(tx: HubDb, { app, id, doc }: HubSchedule): Promise<void> {
  await tx.deleteFrom('schedule_people').where('app', '=', app).where('schedule', '=', id).execute();
  const rows = [...new Set(namedIn(doc))].map((user) => ({ app, schedule: id, user }));
  for (let at = 0; at < rows.length; at += AT_ONCE)
    await tx
      .insertInto('schedule_people')
      .values(rows.slice(at, at + AT_ONCE))
      .execute();
}

export async function deleteSchedule(tx: HubDb, app: string, id: string): Promise<void> {
  await tx.deleteFrom('schedules').where('app', '=', app).where('id', '=', id).execute();
  await tx.deleteFrom('schedule_people').where('app', '=', app).where('schedule', '=', id).execute();
  await clearDue(tx, [scheduleDue(app, id)]);
}

export interface SchedulesQuery {
  readonly app: string;
  /** The id behind which the page begins. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** By id; those that can be read. */
export const listSchedules = (
  db: HubDb,
  seal: HubSeal,
  { app, after = '', limit }: SchedulesQuery,
): Promise<RowPage<HubSchedule>> =>
  readablePage(
    limit,
    (last: Row<'schedules'> | undefined, count) =>
      db
        .selectFrom('schedules')
        .selectAll()
        .where('app', '=', app)
        .where('id', '>', last?.id ?? after)
        .orderBy('id')
        .limit(count)
        .execute(),
    ({ doc }) => doc,
    (row) => openSchedule(seal, row),
  );
