/** When people hear of their tasks: a timer for each person and kind, as a row, at the time that is next. */
import { sql } from 'kysely';
import { dailyOn, nextDaily } from '../../../kit/time/daily.ts';
import { zonedAt } from '../../../kit/time/wall-time.ts';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, NewRow } from '../../storage/storage.ts';
import { clearDue, type Due, dueId, setDue } from '../../timers/due-rows.ts';
import { isToDo, type Task } from '../task.ts';
import type { TaskParts } from '../task-parts.ts';
import type { TaskPolicy } from '../task-policy.ts';
import { type DailyKind, dailyKinds } from './daily-kinds.ts';

export const TASK_DUE = 'task';

/** Whom a timer is for, and what of. */
export interface DailyRef {
  readonly user: string;
  readonly kind: DailyKind;
}

const dailyDue = (app: string, { user, kind }: DailyRef) => ({
  ...{ app, kind: TASK_DUE, ref: JSON.stringify([user, kind]) },
});

export function dailyOfRef(ref: string): DailyRef {
  const [user, kind] = JSON.parse(ref) as [string, DailyKind];
  return { user, kind };
}

/** What a timer was set by: with another rule it is set again. */
export const ruleOf = ({ at, timezone }: TaskPolicy, kind: DailyKind): string =>
  JSON.stringify([at[kind] ?? null, timezone ?? null]);

/** The next time that people hear of something; undefined: never. */
export function nextFor(app: string, of: DailyRef, policy: TaskPolicy, zone: string, now: number): Due | undefined {
  const minutes = policy.at[of.kind];
  if (minutes === undefined) return undefined;
  return { ...dailyDue(app, of), at: nextDaily(minutes, zone, now), data: ruleOf(policy, of.kind) };
}

/** Whether an instant is one at which people hear of something: the date there; undefined: it is not. */
export function dateAt(at: number, minutes: number | undefined, zone: string): string | undefined {
  if (minutes === undefined) return undefined;
  const date = zonedAt(at, zone).toPlainDate();
  return dailyOn(date, minutes, zone) === at ? date.toString() : undefined;
}

/** The zones that days begin in, by person. */
export async function zonesFor(
  tx: HubDb,
  { policyOf, zonesOf }: Pick<TaskParts, 'policyOf' | 'zonesOf'>,
  app: string,
  users: readonly string[],
): Promise<(user: string) => string> {
  const { timezone, hubZone } = policyOf(app);
  if (timezone !== undefined) return () => timezone;
  const zones = await zonesOf(tx, app, users);
  return (user) => zones.get(user) ?? hubZone;
}

/** By what people hear of a task with or without a date. */
const kindsOf = ({ doc }: Pick<Task, 'doc'>): readonly DailyKind[] =>
  doc.due_on === undefined && doc.due_at === undefined ? ['digest'] : dailyKinds;

const begin = prepared((db, { rows }: { readonly rows: readonly NewRow<'due'>[] }) =>
  db
    .insertInto('due')
    .values(rows)
    // An update that changes nothing: it and the work of this timer at the same moment cannot both be committed.
    .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ attempts: eb.ref('due.attempts') }))),
);

/** Sets the timers of a task's people that have none yet. @returns when the earliest is due; undefined: there is none */
export async function beginDaily(tx: HubDb, parts: TaskParts, task: Task): Promise<number | undefined> {
  const { app, doc } = task;
  const users = isToDo(task) ? (doc.users ?? []) : [];
  const policy = parts.policyOf(app);
  const kinds = kindsOf(task).filter((kind) => policy.at[kind] !== undefined);
  if (users.length === 0 || kinds.length === 0) return undefined;
  const zoneOf = await zonesFor(tx, parts, app, users);
  const now = parts.now();
  const dues = users.flatMap((user) =>
    kinds.flatMap((kind) => nextFor(app, { user, kind }, policy, zoneOf(user), now) ?? []),
  );
  await begin(tx, {
    rows: dues.map(({ at, data = '', ...due }) => ({
      ...{ ...due, id: dueId(due), due_at: at, data },
      ...{ claimed_by: null, lease_until: null, fence: 0, attempts: 0 },
    })),
  });
  return Math.min(...dues.map(({ at }) => at));
}

const rowsOf = prepared((db, { ids }: { readonly ids: readonly string[] }) =>
  db.selectFrom('due').select(['app', 'ref', 'due_at', 'data']).where('id', 'in', ids),
);

const anyOf = prepared((db, { app }: { readonly app: string }) =>
  db.selectFrom('due').select('id').where('app', '=', app).where('kind', '=', TASK_DUE).limit(sql.lit(1)),
);

/** Ids a statement. */
const AT_ONCE = 500;

/**
 * Sets timers again of people whose clock is another one now. One whose time is right stays, also while it is being done.
 * @returns whether any was set
 */
export async function moveDaily(
  tx: HubDb,
  parts: Pick<TaskParts, 'policyOf' | 'zonesOf' | 'now'>,
  app: string,
  users: readonly string[],
): Promise<boolean> {
  const policy = parts.policyOf(app);
  if (policy.timezone !== undefined) return false;
  let isAny = false;
  // Where no one has tasks, three timers of each need not be looked for.
  if (users.length > 1 && (await anyOf(tx, { app })).length === 0) return false;
  for (let from = 0; from < users.length; from += AT_ONCE) {
    const some = users.slice(from, from + AT_ONCE);
    const ids = some.flatMap((user) => dailyKinds.map((kind) => dueId(dailyDue(app, { user, kind }))));
    const rows = await rowsOf(tx, { ids });
    if (rows.length === 0) continue;
    const zoneOf = await zonesFor(tx, parts, app, [...new Set(rows.map(({ ref }) => dailyOfRef(ref).user))]);
    const moved = rows.flatMap(({ ref, due_at: at }) => {
      const of = dailyOfRef(ref);
      const zone = zoneOf(of.user);
      const isRight = dateAt(at, policy.at[of.kind], zone) !== undefined;
      return isRight ? [] : (nextFor(app, of, policy, zone, parts.now()) ?? []);
    });
    if (moved.length > 0) await setDue(tx, moved);
    isAny ||= moved.length > 0;
  }
  return isAny;
}

/** Sets timers again that were set by another rule than the one of now, some at once. @returns whether there may be more */
export async function renewDaily(tx: HubDb, parts: TaskParts, app: string): Promise<boolean> {
  const policy = parts.policyOf(app);
  const rows = await tx
    .selectFrom('due')
    .select(['ref', 'data'])
    .where('app', '=', app)
    .where('kind', '=', TASK_DUE)
    .where('data', 'not in', [...new Set(dailyKinds.map((kind) => ruleOf(policy, kind)))])
    .limit(AT_ONCE)
    .execute();
  const refs = rows.map(({ ref }) => dailyOfRef(ref));
  const zoneOf = await zonesFor(tx, parts, app, [...new Set(refs.map(({ user }) => user))]);
  const next = refs.map((of) => nextFor(app, of, policy, zoneOf(of.user), parts.now()));
  await setDue(
    tx,
    next.filter((due) => due !== undefined),
  );
  await clearDue(
    tx,
    refs.filter((_, index) => next[index] === undefined).map((of) => dailyDue(app, of)),
  );
  return rows.length === AT_ONCE;
}

/** Those of a person who is erased. */
export const clearDaily = (tx: HubDb, app: string, user: string): Promise<void> =>
  clearDue(
    tx,
    dailyKinds.map((kind) => dailyDue(app, { user, kind })),
  );
