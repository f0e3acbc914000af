import { prepared } from '../storage/prepared.ts';
import type { RowPage } from '../storage/row-page.ts';
import type { HubDb, HubSeal, NewRow, Row } from '../storage/storage.ts';
import { readableOf, readablePage } from '../storage/unreadable.ts';
import { isToDo, type Task, type TaskDoc, type TaskState } from './task.ts';

const boundTo = (app: string, id: string): string => `task:${JSON.stringify([app, id])}`;

const openTask = (seal: HubSeal, { doc, ...row }: Row<'tasks'>): Task => ({
  ...row,
  doc: JSON.parse(seal.open(doc, boundTo(row.app, row.id))) as TaskDoc,
});

const byId = prepared((db, { app, id }: { readonly app: string; readonly id: string }) =>
  db.selectFrom('tasks').selectAll().where('app', '=', app).where('id', '=', id),
);

export async function loadTask(db: HubDb, seal: HubSeal, app: string, id: string): Promise<Task | undefined> {
  const [row] = await byId(db, { app, id });
  return row && openTask(seal, row);
}

const save = prepared((db, { rows }: { readonly rows: readonly NewRow<'tasks'>[] }) =>
  db
    .insertInto('tasks')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['app', 'id']).doUpdateSet((eb) => ({
        state: eb.ref('excluded.state'),
        doc: eb.ref('excluded.doc'),
        said_at: eb.ref('excluded.said_at'),
        rev: eb.ref('excluded.rev'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    ),
);

const forget = prepared((db, { app, task }: { readonly app: string; readonly task: string }) =>
  db.updateTable('task_people').set({ role: 'named' }).where('app', '=', app).where('task', '=', task),
);

const note = prepared((db, { rows }: { readonly rows: readonly NewRow<'task_people'>[] }) =>
  db
    .insertInto('task_people')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['app', 'task', 'user']).doUpdateSet((eb) => ({ role: eb.ref('excluded.role') })),
    ),
);

/** Writes a task as it is now, and who is named in it. @param named who else is, where that is worth remembering */
export async function saveTask(tx: HubDb, seal: HubSeal, task: Task, named: readonly string[] = []): Promise<void> {
  const { app, id, doc } = task;
  await save(tx, { rows: [{ ...task, doc: seal.seal(JSON.stringify(doc), boundTo(app, id)) }] });
  if (task.rev > 1) await forget(tx, { app, task: id });
  const own = new Set(doc.users);
  const role = isToDo(task) ? 'todo' : 'over';
  const rows = [...new Set([...own, ...named])].map(
    (user): NewRow<'task_people'> => ({
      ...{ app, task: id, user, role: own.has(user) ? role : 'named' },
    }),
  );
  if (rows.length > 0) await note(tx, { rows });
}

export async function deleteTask(tx: HubDb, app: string, id: string): Promise<void> {
  await tx.deleteFrom('tasks').where('app', '=', app).where('id', '=', id).execute();
  await tx.deleteFrom('task_people').where('app', '=', app).where('task', '=', id).execute();
}

const openOf = prepared((db, { app, users }: { readonly app: string; readonly users: readonly string[] }) =>
  db
    .selectFrom('task_people')
    .innerJoin('tasks', (join) =>
      join.onRef('tasks.app', '=', 'task_people.app').onRef('tasks.id', '=', 'task_people.task'),
    )
    .selectAll('tasks')
    .select('task_people.user')
    .where('task_people.app', '=', app)
    .where('task_people.user', 'in', users)
    .where('task_people.role', '=', 'todo'),
);

/** What people have still to do, by person; who has nothing is absent. */
export async function tasksToDo(
  tx: HubDb,
  seal: HubSeal,
  app: string,
  users: readonly string[],
): Promise<ReadonlyMap<string, readonly Task[]>> {
  if (users.length === 0) return new Map();
  const rows = await openOf(tx, { app, users });
  const known = new Map<string, Task>();
  const taskOf = ({ user: _, ...row }: (typeof rows)[number]): Task => {
    const task = known.get(row.id) ?? openTask(seal, row as Row<'tasks'>);
    known.set(row.id, task);
    return task;
  };
  const byUser = Map.groupBy(rows, ({ user }) => user);
  return new Map([...byUser].map(([user, own]) => [user, readableOf(own, taskOf)]));
}

export interface TasksQuery {
  readonly app: string;
  readonly state?: TaskState | undefined;
  /** Whose it is. */
  readonly user?: string | undefined;
  /** The id behind which the page begins. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** By id; those that can be read. */
export function listTasks(db: HubDb, seal: HubSeal, asked: TasksQuery): Promise<RowPage<Task>> {
  const { app, state, user, after = '', limit } = asked;
  let query = db.selectFrom('tasks').selectAll().where('app', '=', app);
  if (state !== undefined) query = query.where('state', '=', state);
  if (user !== undefined)
    query = query.where('id', 'in', (eb) =>
      eb
        .selectFrom('task_people')
        .select('task')
        .where('app', '=', app)
        .where('user', '=', user)
        .where('role', '!=', 'named'),
    );
  const page = (last: Row<'tasks'> | undefined, count: number): Promise<Row<'tasks'>[]> =>
    query
      .where('id', '>', last?.id ?? after)
      .orderBy('id')
      .limit(count)
      .execute();
  return readablePage(
    limit,
    page,
    ({ doc }) => doc,
    (row) => openTask(seal, row),
  );
}
