import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, NewRow, Row } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import type { HandedTarget, Handover } from './handover-rows.ts';

export type DecisionRow = Row<'decisions'>;

/** States after which nothing of a decision changes but by a late verdict. */
export const OPEN_STATES = ['pending', 'deferred'] as const;

/** A decision of one person, without the notification that is the same for all. */
export interface DecisionAt {
  readonly app: string;
  readonly notification: string;
  readonly user: string;
  readonly hop: number;
  readonly channel: string;
  readonly device: string;
}

const put = prepared((db, { rows }: { readonly rows: readonly NewRow<'decisions'>[] }) =>
  db
    .insertInto('decisions')
    .values(rows)
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
    ),
);

/** Writes a decision as it is now; one that is not there yet is added. */
export async function putDecisions(tx: HubDb, rows: readonly NewRow<'decisions'>[]): Promise<void> {
  await put(tx, { rows });
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

/** Which decisions were handed over for some targets of a batch. */
export interface HandedFor extends Pick<Handover, 'app' | 'notification' | 'hop' | 'channel'> {
  readonly users: readonly string[];
  readonly devices: readonly string[];
}

export const handedTo = (
  { app, notification, hop, channel }: Pick<Handover, 'app' | 'notification' | 'hop' | 'channel'>,
  targets: readonly Pick<HandedTarget, 'device' | 'users'>[],
): HandedFor => {
  const [one] = targets;
  const users = one && targets.length === 1 ? one.users : [...new Set(targets.flatMap((target) => target.users))];
  return { app, notification, hop, channel, users, devices: targets.map(({ device }) => device) };
};

/** Decisions that were handed over, and have no timer: what waits for its time was not handed over. */
export const handedFor =
  ({ app, notification, hop, channel, users, devices }: HandedFor) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
    eb.and([
      eb('app', '=', app),
      eb('notification', '=', notification),
      eb('user', 'in', users),
      eb('hop', '=', hop),
      eb('channel', '=', channel),
      eb('device', 'in', devices),
      eb('due_row', 'is', null),
    ]);

interface OfPeople {
  readonly app: string;
  readonly notification: string;
  readonly users: readonly string[];
}

const ofPeople = prepared((db, { app, notification, users }: OfPeople) =>
  db
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', 'in', users)
    .orderBy('user')
    .orderBy('hop')
    .orderBy('channel')
    .orderBy('device'),
);

/** All decisions of a notification about these people, by person and hop. */
export const decisionsOf = (
  db: HubDb,
  app: string,
  notification: string,
  users: readonly string[],
): Promise<DecisionRow[]> => ofPeople(db, { app, notification, users });

/** All decisions of some notifications about one person, by notification and hop. */
export const decisionsOfOne = (
  db: HubDb,
  { app, user }: { readonly app: string; readonly user: string },
  notifications: readonly string[],
): Promise<DecisionRow[]> =>
  db
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('notification', 'in', notifications)
    .where('user', '=', user)
    .orderBy('notification')
    .orderBy('hop')
    .orderBy('channel')
    .orderBy('device')
    .execute();

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
