/** For which date people heard last of their tasks: the same is not said twice for one, wherever their clock is by then. */
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, NewRow } from '../../storage/storage.ts';
import type { DailyRef } from './daily-timers.ts';

const find = prepared((db, { app, users }: { readonly app: string; readonly users: readonly string[] }) =>
  db.selectFrom('task_told').selectAll().where('app', '=', app).where('user', 'in', users),
);

const keyOf = ({ user, kind }: DailyRef): string => JSON.stringify([user, kind]);

/** Whether a person has heard for a date, or a later one. */
export async function toldFor(
  tx: HubDb,
  app: string,
  users: readonly string[],
): Promise<(of: DailyRef, date: string) => boolean> {
  const rows = await find(tx, { app, users });
  const last = new Map(rows.map(({ user, kind, date }) => [keyOf({ user, kind: kind as DailyRef['kind'] }), date]));
  return (of, date) => (last.get(keyOf(of)) ?? '') >= date;
}

const note = prepared((db, { rows }: { readonly rows: readonly NewRow<'task_told'>[] }) =>
  db
    .insertInto('task_told')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['app', 'user', 'kind']).doUpdateSet((eb) => ({ date: eb.ref('excluded.date') })),
    ),
);

export async function noteTold(
  tx: HubDb,
  app: string,
  told: readonly (DailyRef & { readonly date: string })[],
): Promise<void> {
  if (told.length > 0) await note(tx, { rows: told.map(({ user, kind, date }) => ({ app, user, kind, date })) });
}

const known = prepared((db, { app, users }: { readonly app: string; readonly users: readonly string[] }) =>
  db.selectFrom('users').select('id').where('app', '=', app).where('id', 'in', users),
);

/** Those of them that there are. */
export const knownAmong = async (tx: HubDb, app: string, users: readonly string[]): Promise<ReadonlySet<string>> =>
  new Set((await known(tx, { app, users })).map(({ id }) => id));
