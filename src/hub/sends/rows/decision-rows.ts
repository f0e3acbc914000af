import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import { countsChanges, prepared } from '../../storage/prepared.ts';
import type { HubDb, NewRow, Row } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import { TAKEN_BY_DIGEST } from '../digests/digest-id.ts';
import type { HandedTarget, Handover } from './handover-rows.ts';

export type DecisionRow = Row<'decisions'>;

/** States after which nothing of a decision changes but by a late verdict. */
export const OPEN_STATES = ['pending', 'deferred'] as const;

export const isOpen = (state: string): boolean => (OPEN_STATES as readonly string[]).includes(state);

/** What names a decision. */
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
        batch: eb.ref('excluded.batch'),
        platform: eb.ref('excluded.platform'),
      })),
    ),
);

/**
 * Writes decisions as they are now; those that are not there yet are added. On SQLite those by one channel together: all but the person and
 * the device is the same in most of them, and is given once.
 */
export async function putDecisions(tx: HubDb, rows: readonly NewRow<'decisions'>[]): Promise<void> {
  if (!countsChanges(tx)) await put(tx, { rows });
  else for (const some of Map.groupBy(rows, ({ channel }) => channel).values()) await put(tx, { rows: some });
}

/** This one. */
export const isAt =
  ({ app, notification, user, hop, channel, device }: DecisionAt) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>) =>
    eb.and({ app, notification, user, hop, channel, device });

/** What it comes to; it waits for nothing any more. */
export const endDecision = (
  tx: HubDb,
  decision: DecisionAt,
  { state, reason = null }: { readonly state: string; readonly reason?: string | null | undefined },
  now: number,
) =>
  tx
    .updateTable('decisions')
    .set({ state, reason, at: now, until: null, due_row: null })
    .where(isAt(decision))
    .execute();

/** Those that wait for a digest, and that none has taken yet. */
export const isCollected = (eb: ExpressionBuilder<HubTables, 'decisions'>) =>
  eb.and([
    eb('state', '=', 'deferred'),
    eb('reason', '=', 'digested'),
    // Where there is no row this is not true.
    eb('due_row', 'not like', TAKEN_BY_DIGEST),
  ]);

export async function deleteDecisions(tx: HubDb, keys: readonly DecisionAt[]): Promise<void> {
  for (const key of keys) await tx.deleteFrom('decisions').where(isAt(key)).execute();
}

/** Where the decisions that a batch carries are found. */
export type CarriedBy = Pick<Handover, 'app' | 'batch' | 'notification' | 'hop' | 'channel'>;

/** Which decisions were handed over for some targets of a batch. */
export interface HandedFor extends CarriedBy {
  readonly users: readonly string[];
  readonly devices: readonly string[];
}

export const handedTo = (
  { app, batch, notification, hop, channel }: CarriedBy,
  targets: readonly Pick<HandedTarget, 'device' | 'users'>[],
): HandedFor => {
  const [one] = targets;
  const users = one && targets.length === 1 ? one.users : [...new Set(targets.flatMap((target) => target.users))];
  return { app, batch, notification, hop, channel, users, devices: targets.map(({ device }) => device) };
};

/**
 * Decisions that a batch carries. Those that were handed over again meanwhile, here or by another instance, are carried by another one:
 * what becomes of this one is nothing to them.
 */
export const handedFor =
  ({ app, batch, notification, hop, channel, users, devices }: HandedFor) =>
  (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
    eb.and([
      eb('app', '=', app),
      eb('notification', '=', notification),
      eb('user', 'in', users),
      eb('hop', '=', hop),
      eb('channel', '=', channel),
      eb('device', 'in', devices),
      eb('batch', '=', batch),
    ]);

/** What decisions have in `due_row` that wait for their time. Former versions wrote a name of their timer there. */
export const WAITS = 'timer';

/** Decisions that wait for their time: neither with a carrier, nor taken by a digest that was made. */
export const waits = (eb: ExpressionBuilder<HubTables, 'decisions'>): Expression<SqlBool> =>
  eb.and([eb('state', 'in', OPEN_STATES), eb('due_row', 'is not', null), eb('due_row', 'not like', TAKEN_BY_DIGEST)]);

/** What is with a carrier when a later notification takes its place: it may not leave again. */
export const SUPERSEDED = 'superseded';

/** A reason that does not take the place of that one. */
export const unlessSuperseded = (eb: ExpressionBuilder<HubTables, 'decisions'>, reason: string | null) =>
  eb.case().when('reason', '=', SUPERSEDED).then<string | null>(SUPERSEDED).else(reason).end();

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
