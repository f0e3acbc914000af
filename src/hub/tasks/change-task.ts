/** What happens when something is said of a task, in one transaction: the change, its notices, the timers of its people. */
import type { Actor } from '../incidents/incident.ts';
import type { NoticeOrder, Presences, TakenNotice } from '../notifications/notices.ts';
import { auditChanges } from '../storage/audit.ts';
import type { HubDb } from '../storage/storage.ts';
import { buttonsOf } from './buttons.ts';
import { beginDaily } from './daily/daily-timers.ts';
import { dateKey, taskNotice } from './notices/task-notice.ts';
import { eventWords } from './notices/task-words.ts';
import type { GivenTask } from './parse-task.ts';
import { type TaskChanges, taskChanges } from './state/changes.ts';
import { dueState, zoneOfTask } from './state/due-state.ts';
import { aboutTask, isToDo, type Task, type TaskEvent } from './task.ts';
import type { TaskChange, TaskParts, TaskResult } from './task-parts.ts';
import { saveTask } from './task-rows.ts';

/** What came of it, and what follows the commit. */
export interface TaskDone {
  readonly result: TaskResult;
  readonly after: readonly (() => void)[];
}

interface Asked {
  readonly change: TaskChange;
  readonly given: GivenTask;
  readonly actor: Actor;
}

/** @param before as it was loaded in this transaction */
export async function changeTask(
  tx: HubDb,
  parts: TaskParts,
  { change, given, actor }: Asked,
  before: Task | undefined,
  presences: Presences,
): Promise<TaskDone> {
  const { store, notices, now: clock } = parts;
  const { app, id, caller } = change;
  const now = clock();
  // What is said without a time is later than what was said before, also where the clock was set back.
  const at = given.at ?? Math.max(now, before?.said_at ?? now);
  if (before && at < before.said_at)
    return { result: { task: before, created: false, changed: [], notified: 0, reason: 'stale' }, after: [] };
  const facts = { doc: given.doc, state: given.state ?? before?.state ?? 'open' };
  const changes = taskChanges(before, facts);
  if (before && changes.isSame) {
    if (at > before.said_at) await saveTask(tx, store.seal, { ...before, said_at: at });
    return { result: { task: before, created: false, changed: [], notified: 0 }, after: [] };
  }
  const task: Task = {
    ...{ app, id, ...facts, said_at: at, rev: (before?.rev ?? 0) + 1 },
    ...{ created_at: before?.created_at ?? now, updated_at: now },
  };
  const ended = await endNotices(tx, parts, before, task, changes);
  await saveTask(tx, store.seal, task, actor.isNamed ? [actor.name] : []);
  const action = before ? 'task.changed' : 'task.created';
  await auditChanges(tx, store.seal, [{ app, at: now, by: caller, action, target: `task:${id}` }]);
  const taken: TakenNotice[] = [];
  for (const event of changes.events) {
    const order = noticeOf(parts, task, changes, { event, actor, now });
    if (order) taken.push(await notices.take(tx, order, presences));
  }
  const dueAt = await beginDaily(tx, parts, task);
  return {
    result: { task, created: !before, changed: changes.events, notified: heardBy(taken) },
    after: [
      ...ended,
      ...taken.map((notice) => () => notice.deliver()),
      ...(dueAt === undefined ? [] : [() => notices.nudge(dueAt)]),
    ],
  };
}

/** Takes back what is not true any more. @returns to be called after the commit */
async function endNotices(
  tx: HubDb,
  { notices }: TaskParts,
  before: Task | undefined,
  task: Task,
  { gone, isMoved }: TaskChanges,
): Promise<(() => void)[]> {
  if (!before) return [];
  const { app, id, state } = task;
  const about = aboutTask(id);
  if (isToDo(before) && !isToDo(task))
    return [await notices.end(tx, { app, about, reason: state === 'completed' ? 'resolved' : 'cancelled' })];
  return [
    ...(isMoved ? [await notices.end(tx, { app, about, reason: 'cancelled', key: dateKey(id) })] : []),
    ...(gone.length > 0 ? [await notices.withdraw(tx, { app, about, users: gone })] : []),
  ];
}

interface Telling {
  readonly event: TaskEvent;
  readonly actor: Actor;
  readonly now: number;
}

/** Undefined: there is no one to hear of it. */
function noticeOf(
  { policyOf }: TaskParts,
  task: Task,
  { newUsers, fields }: TaskChanges,
  { event, actor, now }: Telling,
): NoticeOrder | undefined {
  const { app, id, doc } = task;
  const isNew = (user: string): boolean => newUsers.includes(user);
  // Who is new to it hears all of it by that; who did it knows.
  const users = (doc.users ?? []).filter(
    (user) =>
      (event === 'task.assigned' ? isNew(user) : event !== 'task.updated' || !isNew(user)) &&
      !(actor.isNamed && user === actor.name),
  );
  if (users.length === 0) return undefined;
  const policy = policyOf(app);
  const zone = zoneOfTask(doc, policy.timezone ?? policy.hubZone);
  return {
    ...{ app, about: aboutTask(id) },
    doc: taskNotice({
      ...{ task, type: event, to: { users }, priority: policy.priority },
      message: eventWords(event, task, { fields, actor, zone }),
      buttons: buttonsOf(policy.buttons, task, dueState(task, zone, now)),
      by: event !== 'task.assigned' && event !== 'task.updated' && actor.isNamed ? actor.name : undefined,
    }),
  };
}

/** How many people hear of it, at once or later. */
export const heardBy = (taken: readonly TakenNotice[]): number =>
  taken.reduce((sum, { recipients: { queued, held, undecided = 0 } }) => sum + queued + held + undecided, 0);
