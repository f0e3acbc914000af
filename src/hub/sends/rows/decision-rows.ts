import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { HubDb, NewRow, Row } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import type { HandedTarget, Handover } from './handover-rows.ts';

export type DecisionRow = Row<'decisions'>;

/** States after which nothing of a decision changes but by a late verdict. */
export const OPEN_STATES = ['pending', 'deferred'] as const;

/** Rows a statement: SQLite takes 32,766 parameters. */
const AT_ONCE = 500;

export async function insertDecisions(tx: HubDb, rows: readonly NewRow<'decisions'>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += AT_ONCE)
    await tx
      .insertInto('decisions')
      .values(rows.slice(at, at + AT_ONCE))
      .execute();
}

/** A decision of one person, without the notification that is the same for all. */
export interface DecisionAt {
  readonly app: string;
  readonly notification: string;
  readonly user: string;
  readonly hop: number;
  readonly channel: string;
  readonly device: string;
}

/** Writes a decision as it is now; one that is not there yet is added. */
export async function putDecisions(tx: HubDb, rows: readonly NewRow<'decisions'>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += AT_ONCE)
    await tx
      .insertInto('decisions')
      .values(rows.slice(at, at + AT_ONCE))
      .onConflict((conflict) =>
        conflict.columns(['app', 'notification', 'user', 'hop', 'channel', 'device']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          reason: eb.ref('excluded.reason'),
          detail: eb.ref('excluded.detail'),
          at: eb.ref('excluded.at'),
          until: eb.ref('excluded.until'),
          attempts: eb.ref('excluded.attempts'),
          provider_id: eb.ref('excluded.provider_id'),
          category: eb.ref('excluded.category'),
          due_row: eb.ref('excluded.due_row'),
        })),
      )
      .execute();
}

export async function deleteDecisions(tx: HubDb, keys: readonly DecisionAt[]): Promise<void> {
  for (const { app, notification, user, hop, channel, device } of keys)
    await tx
      .deleteFrom('decisions')
      .where('app', '=', app)
      .where('notification', '=', notification)
      .where('user', '=', user)
      .where('hop', '=', hop)
      .where('channel', '=', channel)
      .where('device', '=', device)
      .execute();
}

/** Decisions that were handed over for these targets of a batch, and have no timer: what waits for its time was not handed over. */
export const handedFor =
  (
    { app, notification, hop, channel }: Pick<Handover, 'app' | 'notification' | 'hop' | 'channel'>,
    targets: readonly Pick<HandedTarget, 'device' | 'users'>[],
  ) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
    eb.and([
      eb('app', '=', app),
      eb('notification', '=', notification),
      eb('user', 'in', [...new Set(targets.flatMap(({ users }) => users))]),
      eb('hop', '=', hop),
      eb('channel', '=', channel),
      eb(
        'device',
        'in',
        targets.map(({ device }) => device),
      ),
      eb('due_row', 'is', null),
    ]);

/** All decisions of a notification about these people, by person and hop. */
export const decisionsOf = (
  db: HubDb,
  app: string,
  notification: string,
  users: readonly string[],
): Promise<DecisionRow[]> =>
  users.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('decisions')
        .selectAll()
        .where('app', '=', app)
        .where('notification', '=', notification)
        .where('user', 'in', users)
        .orderBy('user')
        .orderBy('hop')
        .orderBy('channel')
        .orderBy('device')
        .execute();

/** True while anything of a notification is still to come. */
export async function isOpen(db: HubDb, app: string, notification: string): Promise<boolean> {
  const row = await db
    .selectFrom('decisions')
    .select('user')
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('state', 'in', OPEN_STATES)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many decisions of a notification are in each state. */
export async function countByState(db: HubDb, app: string, notification: string): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('decisions')
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
    .where('app', '=', app)
    .where('notification', '=', notification)
    .groupBy('state')
    .execute();
  return new Map(rows.map(({ state, count }) => [state, Number(count)]));
}
