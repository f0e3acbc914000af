/** People whom schedules send to. */
import type { RecipientsDoc } from '../notifications/recipients-doc.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { SPOILT, spoiltOr } from '../storage/unreadable.ts';
import type { HubSchedule } from './schedule.ts';
import { deleteSchedule, loadSchedule, saveSchedule } from './schedule-rows.ts';

async function schedulesOf(db: HubDb, app: string, user: string): Promise<string[]> {
  const rows = await db
    .selectFrom('schedule_people')
    .select('schedule')
    .where('app', '=', app)
    .where('user', '=', user)
    .orderBy('schedule')
    .execute();
  return rows.map(({ schedule }) => schedule);
}

/** One that is for no one else is switched off. @returns how many schedules named the person */
export async function eraseFromSchedules(tx: HubDb, seal: HubSeal, app: string, user: string): Promise<number> {
  const ids = await schedulesOf(tx, app, user);
  for (const id of ids) {
    const schedule = await spoiltOr(loadSchedule(tx, seal, app, id));
    // Whom it names cannot be seen: nothing of it is left.
    if (schedule === SPOILT) await deleteSchedule(tx, app, id);
    if (schedule === SPOILT || !schedule) continue;
    const left = withoutPerson(schedule, user);
    await saveSchedule(tx, seal, left, left.next_at !== schedule.next_at);
  }
  await tx.deleteFrom('schedule_people').where('app', '=', app).where('user', '=', user).execute();
  return ids.length;
}

const NAMING = ['users', 'teams', 'roles', 'topics', 'devices'] as const;

const isForSomeone = (to: RecipientsDoc): boolean =>
  to.everyone === true || NAMING.some((name) => (to[name]?.length ?? 0) > 0);

function withoutPerson({ doc, rev, ...schedule }: HubSchedule, user: string): HubSchedule {
  const { to } = doc.notification;
  const without = (list: readonly string[] | undefined) => list?.filter((each) => each !== user);
  const users = without(to.users);
  const except = without(to.except);
  const left = { ...to, ...(users ? { users } : {}), ...(except ? { except } : {}) };
  const isOn = isForSomeone(left);
  return {
    ...{ ...schedule, rev: rev + 1, next_at: isOn ? schedule.next_at : null },
    doc: { ...doc, enabled: doc.enabled && isOn, notification: { ...doc.notification, to: left } },
  };
}

/** Schedules that are for a person by name, for an export. */
export async function exportSchedules(db: HubDb, seal: HubSeal, app: string, user: string): Promise<object[]> {
  const ids = await schedulesOf(db, app, user);
  const found = await Promise.all(ids.map((id) => spoiltOr(loadSchedule(db, seal, app, id))));
  return found.flatMap((schedule) => {
    if (schedule === SPOILT || !schedule?.doc.notification.to.users?.includes(user)) return [];
    const { title, message } = schedule.doc.notification;
    return [{ id: schedule.id, ...(title ? { title } : {}), ...(message ? { message } : {}) }];
  });
}
