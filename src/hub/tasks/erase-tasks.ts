/** People inside tasks: in lists, as those who did something, in notices. */
import { ERASED } from '../incidents/incident.ts';
import type { NoticeIntake } from '../notifications/notices.ts';
import type { NotificationDoc } from '../notifications/notification-doc.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { SPOILT, spoiltOr } from '../storage/unreadable.ts';
import { withoutActor } from '../words/notice-text.ts';
import { clearDaily } from './daily/daily-timers.ts';
import { aboutTask, type Task } from './task.ts';
import { deleteTask, loadTask, saveTask } from './task-rows.ts';

export interface TaskErasing {
  readonly seal: HubSeal;
  readonly notices: Pick<NoticeIntake, 'forget'>;
}

/** @returns how many tasks named the person */
export async function eraseFromTasks(
  tx: HubDb,
  { seal, notices }: TaskErasing,
  app: string,
  user: string,
): Promise<number> {
  const ids = await tasksOf(tx, app, user);
  for (const id of ids) {
    const task = await spoiltOr(loadTask(tx, seal, app, id));
    // Whom it names cannot be seen: nothing of it is left.
    if (task === SPOILT) await deleteTask(tx, app, id);
    else if (task?.doc.users?.includes(user)) await saveTask(tx, seal, withoutPerson(task, user));
    await notices.forget(tx, { app, about: aboutTask(id), user, told: (doc) => toldWithout(doc, user) });
  }
  await tx.deleteFrom('task_people').where('app', '=', app).where('user', '=', user).execute();
  await tx.deleteFrom('task_told').where('app', '=', app).where('user', '=', user).execute();
  await clearDaily(tx, app, user);
  return ids.length;
}

async function tasksOf(db: HubDb, app: string, user: string): Promise<string[]> {
  const rows = await db
    .selectFrom('task_people')
    .select('task')
    .where('app', '=', app)
    .where('user', '=', user)
    .orderBy('task')
    .execute();
  return rows.map(({ task }) => task);
}

function withoutPerson({ doc, rev, ...task }: Task, user: string): Task {
  const { users = [], ...rest } = doc;
  const left = users.filter((each) => each !== user);
  return { ...task, rev: rev + 1, doc: { ...rest, ...(left.length > 0 ? { users: left } : {}) } };
}

/** What a notice says without the one who did it. */
function toldWithout(doc: NotificationDoc, user: string): NotificationDoc {
  if (doc.data?.by !== user) return doc;
  const { message, data, ...rest } = doc;
  return {
    ...{ ...rest, data: { ...data, by: ERASED } },
    ...(message === undefined ? {} : { message: withoutActor(message, user) }),
  };
}

/** Tasks that are a person's, for an export. */
export async function exportTasks(db: HubDb, seal: HubSeal, app: string, user: string): Promise<object[]> {
  const found = await Promise.all((await tasksOf(db, app, user)).map((id) => spoiltOr(loadTask(db, seal, app, id))));
  return found.flatMap((task) => {
    if (task === SPOILT || !task?.doc.users?.includes(user)) return [];
    const { title = task.id, due_on, due_at } = task.doc;
    return [{ id: task.id, title, state: task.state, ...(due_on ? { due_on } : {}), ...(due_at ? { due_at } : {}) }];
  });
}
