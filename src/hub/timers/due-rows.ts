/**
 * Timers of the hub, as rows: whatever is to happen later is one, so that a restart goes on where it was, and one of several
 * instances does it, once. A row is claimed for a while (a lease) under a number that only grows (the fence): what a claim wants to
 * change it changes in the transaction that also removes the row, under the same fence, so that an instance that was
 * stopped in between, and comes back when another has done it, changes nothing.
 *
 * A row that a process which has ended had in hand may be what ended it: that is counted. From the second time on it is claimed by
 * itself, after all others, and from the sixth time on not at all: it is set aside, and stays until it is set again or released by hand.
 */
import { sql } from 'kysely';
import { MartletError } from '../../kit/errors.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, NewRow } from '../storage/storage.ts';

/** A timer. `ref` is what it is about: with `app` and `kind` it names the row, so that a second one moves the first. */
export interface Due {
  readonly app: string;
  readonly kind: string;
  readonly ref: string;
  /** UNIX milliseconds. */
  readonly at: number;
  /** What its work needs to know beyond that, as JSON; default: nothing. */
  readonly data?: string;
}

/** A timer that this instance has claimed. */
export interface ClaimedDue extends Required<Due> {
  readonly id: string;
  readonly fence: number;
  /** How often it was claimed before. */
  readonly attempts: number;
  /** Processes that ended while they had it in hand. */
  readonly deaths: number;
}

/** Deaths from which on a row is claimed by itself, and from which on it is not claimed any more. */
export const ALONE_FROM = 2;
export const ASIDE_FROM = 6;

/** Does what rows of one kind are about, and ends each of them (`finishDue`) in the transaction of its work. */
export type DueWork = (rows: readonly ClaimedDue[]) => Promise<void>;

/** The row was done, moved or claimed by others meanwhile: nothing of the work may stay. */
export class FencedError extends MartletError {
  readonly code = 'ERR_FENCED';
  constructor({ kind, ref }: Pick<Due, 'kind' | 'ref'>) {
    super(`the timer ${kind} of ${ref} is no longer this instance's`);
  }
}

/** One row for each (app, kind, ref), however often it is set. */
export const dueId = ({ app, kind, ref }: Pick<Due, 'app' | 'kind' | 'ref'>): string =>
  JSON.stringify([app, kind, ref]);

const set = prepared((db, { rows }: { readonly rows: readonly NewRow<'due'>[] }) =>
  db
    .insertInto('due')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        due_at: eb.ref('excluded.due_at'),
        data: eb.ref('excluded.data'),
        claimed_by: null,
        lease_until: null,
        fence: sql<number>`due.fence + 1`,
        attempts: 0,
        deaths: 0,
      })),
    ),
);

/** Sets timers; one that is there already is moved, and taken from the instance that holds it. */
export async function setDue(tx: HubDb, rows: readonly Due[]): Promise<void> {
  const made = rows.map(({ app, kind, ref, at, data = '' }) => ({
    ...{ id: dueId({ app, kind, ref }), app, kind, ref, due_at: at, data },
    ...{ claimed_by: null, lease_until: null, fence: 0, attempts: 0 },
  }));
  await set(tx, { rows: made });
}

const clear = prepared((db, { ids }: { readonly ids: readonly string[] }) =>
  db.deleteFrom('due').where('id', 'in', ids),
);

/** Ids a statement. */
const AT_ONCE = 500;

/** Removes timers, also those that an instance holds: what is being done under one of them then fails as fenced. */
export async function clearDue(tx: HubDb, rows: readonly Pick<Due, 'app' | 'kind' | 'ref'>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += AT_ONCE) await clear(tx, { ids: rows.slice(at, at + AT_ONCE).map(dueId) });
}

export interface Claim {
  readonly kinds: readonly string[];
  readonly now: number;
  readonly leaseMs: number;
  /** Of a run of a process: what another run had claimed is a death of that. */
  readonly by: string;
  readonly limit: number;
  /** One of those that processes died over, instead of the others. */
  readonly alone?: boolean;
  /** Those of other apps. */
  readonly notOf?: readonly string[];
}

/** Takes rows that are due and not held by anyone, the oldest first. */
export async function claimDue(
  tx: HubDb,
  engine: 'sqlite' | 'postgres',
  { kinds, now, leaseMs, by, limit, alone = false, notOf = [] }: Claim,
): Promise<ClaimedDue[]> {
  const free = tx
    .selectFrom('due')
    .select('id')
    .where('due_at', '<=', now)
    .where('kind', 'in', kinds)
    .where((eb) => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]))
    .where('deaths', alone ? '>=' : '<', sql.lit(ALONE_FROM))
    .where('deaths', '<', sql.lit(ASIDE_FROM))
    .$if(notOf.length > 0, (query) => query.where('app', 'not in', notOf))
    .orderBy('due_at')
    .limit(alone ? 1 : limit);
  const rows = await tx
    .updateTable('due')
    .set({
      claimed_by: by,
      lease_until: now + leaseMs,
      fence: sql<number>`fence + 1`,
      attempts: sql<number>`attempts + 1`,
      deaths: sql<number>`deaths + CASE WHEN claimed_by IS NULL OR claimed_by = ${by} THEN 0 ELSE 1 END`,
    })
    .where('id', 'in', engine === 'postgres' ? free.forUpdate().skipLocked() : free)
    .returning(['id', 'app', 'kind', 'ref', 'due_at', 'data', 'fence', 'attempts', 'deaths'])
    .execute();
  return rows
    .map(({ due_at, attempts, data, ...row }) => ({ ...row, data: data ?? '', at: due_at, attempts: attempts - 1 }))
    .sort((a, b) => a.at - b.at);
}

const finish = prepared((db, { id, fence }: Pick<ClaimedDue, 'id' | 'fence'>) =>
  db.deleteFrom('due').where('id', '=', id).where('fence', '=', fence).returning('id'),
);

/**
 * Ends a claimed row, in the transaction of its work.
 * @throws FencedError when it is no longer ours: the whole transaction is rolled back
 */
export async function finishDue(tx: HubDb, row: ClaimedDue): Promise<void> {
  const [gone] = await finish(tx, { id: row.id, fence: row.fence });
  if (!gone) throw new FencedError(row);
}

const finishMany = prepared((db, { ids }: { readonly ids: readonly string[] }) =>
  db.deleteFrom('due').where('id', 'in', ids).returning(['id', 'fence']),
);

/**
 * Ends claimed rows, in the transaction of their work.
 * @throws FencedError when one of them is no longer ours: the whole transaction is rolled back
 */
export async function finishAllDue(tx: HubDb, rows: readonly ClaimedDue[]): Promise<void> {
  const gone = new Map<string, number>();
  for (let at = 0; at < rows.length; at += AT_ONCE)
    for (const row of await finishMany(tx, { ids: rows.slice(at, at + AT_ONCE).map(({ id }) => id) }))
      gone.set(row.id, row.fence);
  const other = rows.find(({ id, fence }) => gone.get(id) !== fence);
  if (other) throw new FencedError(other);
}

/** Gives a claimed row back, to be taken again at `at`; nothing happens when it is no longer ours. */
export async function putOffDue(tx: HubDb, row: ClaimedDue, at: number): Promise<void> {
  await tx
    .updateTable('due')
    .set({ due_at: at, claimed_by: null, lease_until: null })
    .where('id', '=', row.id)
    .where('fence', '=', row.fence)
    .execute();
}

/** Gives claimed rows back as they are. */
export async function giveBackDue(tx: HubDb, rows: readonly ClaimedDue[]): Promise<void> {
  for (const row of rows) await putOffDue(tx, row, row.at);
}

const ofDied = prepared((db, { kinds, now }: Asked) =>
  db
    .selectFrom('due')
    .select('id')
    .where('deaths', '>=', sql.lit(ALONE_FROM))
    .where('deaths', '<', sql.lit(ASIDE_FROM))
    .where('due_at', '<=', now)
    .where('kind', 'in', kinds)
    .where((eb) => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]))
    .limit(sql.lit(1)),
);

/** Whether any that processes died over is due and free. */
export const hasDied = async (db: HubDb, kinds: readonly string[], now: number): Promise<boolean> =>
  (await ofDied(db, { kinds, now })).length > 0;

interface Asked {
  readonly kinds: readonly string[];
  readonly now: number;
}

/** The oldest that is free: what is behind it is not looked at, and there may be very much of that. */
const ofFree = prepared((db, { kinds, now }: Asked) =>
  db
    .selectFrom('due')
    .select('due_at as at')
    .where('due_at', '<=', now)
    .where('kind', 'in', kinds)
    .where((eb) => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]))
    .where('deaths', '<', sql.lit(ASIDE_FROM))
    .orderBy('due_at')
    .limit(1),
);

/** Where none of what is due is free, all of it is held, and that is little. */
const ofHeld = prepared((db, { kinds, now }: Asked) =>
  db
    .selectFrom('due')
    .select((eb) => eb.fn.min<number | null>('lease_until').as('at'))
    .where('due_at', '<=', now)
    .where('kind', 'in', kinds),
);

const ofLater = prepared((db, { kinds, now }: Asked) =>
  db
    .selectFrom('due')
    .select('due_at as at')
    .where('due_at', '>', now)
    .where('kind', 'in', kinds)
    .where('deaths', '<', sql.lit(ASIDE_FROM))
    .orderBy('due_at')
    .limit(1),
);

/** Whether any is due and free. */
export const isAnyFree = async (db: HubDb, kinds: readonly string[], now: number): Promise<boolean> =>
  (await ofFree(db, { kinds, now })).length > 0;

const ofOthers = prepared((db, { kinds, now, notOf }: Asked & Required<Pick<Claim, 'notOf'>>) =>
  db
    .selectFrom('due')
    .select('app')
    .where('due_at', '<=', now)
    .where('kind', 'in', kinds)
    .where('app', 'not in', notOf)
    .where((eb) => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]))
    .where('deaths', '<', sql.lit(ALONE_FROM))
    .limit(sql.lit(1)),
);

/** Whether any of other apps is. Of no apps there are no others. */
export const isAnyOfOthers = async (
  db: HubDb,
  kinds: readonly string[],
  now: number,
  notOf: readonly string[],
): Promise<boolean> => (await ofOthers(db, { kinds, now, notOf })).length > 0;

/** When the next row of these kinds is due or its lease ends; undefined without any. UNIX milliseconds. */
export async function nextDueAt(db: HubDb, kinds: readonly string[], now: number): Promise<number | undefined> {
  const [free] = await ofFree(db, { kinds, now });
  if (free) return free.at;
  const [held] = await ofHeld(db, { kinds, now });
  const [later] = await ofLater(db, { kinds, now });
  const next = Math.min(held?.at ?? Number.POSITIVE_INFINITY, later?.at ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(next) ? next : undefined;
}

/** More are not counted: an index is walked, and the process does nothing else meanwhile. */
const MOST_OVERDUE = 10_000;

/** Rows that wait, and those whose time was more than `graceMs` ago, up to 10,000. */
export async function countDue(db: HubDb, now: number, graceMs: number): Promise<{ waiting: number; overdue: number }> {
  const all = await db
    .selectFrom('due')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const late = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('due')
        .select('due_at')
        .where('due_at', '<', now - graceMs)
        .limit(MOST_OVERDUE)
        .as('late'),
    )
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return { waiting: Number(all.count), overdue: Number(late.count) };
}

/** Rows that were due more than `graceMs` ago and that no instance holds, by kind: a watchdog over those that are to do them. */
export async function countUnclaimed(db: HubDb, now: number, graceMs: number): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('due')
        .select('kind')
        .where('due_at', '<', now - graceMs)
        .where((of) => of.or([of('lease_until', 'is', null), of('lease_until', '<=', now)]))
        .limit(MOST_OVERDUE)
        .as('late'),
    )
    .select((eb) => ['kind', eb.fn.countAll<number>().as('count')])
    .groupBy('kind')
    .execute();
  return new Map(rows.map(({ kind, count }) => [kind, Number(count)]));
}
