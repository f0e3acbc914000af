import { isFaulty } from '../../kit/json/readers.ts';
import { unprocessableText } from '../../kit/refusal.ts';
import { auditChanges } from '../storage/audit.ts';
import type { RowPage } from '../storage/row-page.ts';
import type { HubDb } from '../storage/storage.ts';
import { revOf, spoiltOr } from '../storage/unreadable.ts';
import type { DueWork } from '../timers/due-rows.ts';
import { changeTask } from './change-task.ts';
import { moveDaily, renewDaily, TASK_DUE } from './daily/daily-timers.ts';
import { DailyWork, type DailyWorkParts } from './daily/daily-work.ts';
import { parseTask } from './parse-task.ts';
import { aboutTask, type Task, TaskRefusal } from './task.ts';
import type { TaskChange, TaskParts, TaskResult } from './task-parts.ts';
import { deleteTask, listTasks, loadTask, type TasksQuery } from './task-rows.ts';

/** Tasks: what is said of them, what people hear of that, and what they are reminded of. */
export class Tasks {
  readonly #parts: TaskParts;
  readonly #daily: DailyWork;

  constructor(parts: DailyWorkParts) {
    this.#parts = parts;
    this.#daily = new DailyWork(parts);
  }

  get(app: string, id: string): Promise<Task | undefined> {
    return loadTask(this.#parts.store.db, this.#parts.store.seal, app, id);
  }

  list(asked: TasksQuery): Promise<RowPage<Task>> {
    return listTasks(this.#parts.store.db, this.#parts.store.seal, asked);
  }

  /** Says all of it: fields that are left out are absent; a state that is left out stays. @throws TaskRefusal 422 */
  async put(change: TaskChange, json: unknown): Promise<TaskResult> {
    const { store, notices, policyOf, told } = this.#parts;
    const { app, id } = change;
    const given = parseTask(json, policyOf(app).hubZone);
    if (isFaulty(given)) throw new TaskRefusal('unprocessable', unprocessableText(given), given);
    const actor = given.by === undefined ? { name: change.caller, isNamed: false } : { name: given.by, isNamed: true };
    const presences = await notices.presence(app, given.doc.users ?? []);
    const { result, after } = await store.write(async (tx) => {
      const before = await loadTask(tx, store.seal, app, id);
      change.expect?.(before?.rev);
      return changeTask(tx, this.#parts, { change, given, actor }, before, presences);
    });
    for (const then of after) then();
    for (const event of result.changed) told?.(app, event, 1);
    return result;
  }

  /** Takes back what has not left of its notices. @returns whether it was there */
  async remove({ app, id, caller, expect }: TaskChange): Promise<boolean> {
    const { store, notices, now } = this.#parts;
    const ended = await store.write(async (tx) => {
      const before = await spoiltOr(loadTask(tx, store.seal, app, id));
      expect?.(revOf(before));
      if (!before) return undefined;
      const then = await notices.end(tx, { app, about: aboutTask(id), reason: 'cancelled' });
      await deleteTask(tx, app, id);
      const audited = { app, at: now(), by: caller, action: 'task.deleted', target: `task:${id}` };
      await auditChanges(tx, store.seal, [audited]);
      return then;
    });
    ended?.();
    return ended !== undefined;
  }

  /** Work of timers, by kind. */
  get works(): Readonly<Record<typeof TASK_DUE, DueWork>> {
    return { [TASK_DUE]: this.#daily.run };
  }

  /** The clocks of people may be others now: in the transaction that changes that. @returns whether timers were set */
  moved(tx: HubDb, app: string, users: readonly string[]): Promise<boolean> {
    return moveDaily(tx, this.#parts, app, users);
  }

  /** Times that the configuration has moved since they were set. */
  async renew(): Promise<void> {
    const { store, notices, now } = this.#parts;
    const rows = await store.db.selectFrom('due').select('app').distinct().where('kind', '=', TASK_DUE).execute();
    for (const { app } of rows) while (await store.write((tx) => renewDaily(tx, this.#parts, app)));
    notices.nudge(now());
  }
}
