/**
 * Very many people of one notification who wait for the same moment have a timer for each page of them that was decided about together:
 * what is due of a page is done in one transaction, or in a few of people who have very many decisions. People who are looked at for
 * another reason meanwhile have timers of their own from then on, and are left to them. Where a page fails, or a process has died over it,
 * its people get timers of their own, so that one of them holds up no other.
 *
 * Pages are done beside one another, and beside the outcomes of those before them. PostgreSQL notes what a serializable transaction has
 * read by pages of its files, and would refuse most of these, which are about neighbours and never about the same person. So a page locks
 * what it depends on (decisions, and whose devices are) and asks for a snapshot; what depends on more is done again as serializable:
 * digests, limits, and a page of which nothing leaves, after which no outcome asks whether the notification is done.
 */
import type { PresenceState } from '../../notifications/decide-input.ts';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, HubStore, Isolation } from '../../storage/storage.ts';
import { type ClaimedDue, type DueWork, dueId, finishDue, setDue } from '../../timers/due-rows.ts';
import type { PresenceOf } from '../accepting/send-order.ts';
import { NeedsSerializable } from '../facts/needs-serializable.ts';
import { type HeldPeople, PERSON_DUE, personDue } from '../person-due.ts';
import type { PersonWork } from '../person-work.ts';
import type { Placed, Placing } from '../placing.ts';
import { type DecisionRow, isOpen, OPEN_STATES } from '../rows/decision-rows.ts';
import { hasTimers, settleStatuses } from '../settle-status.ts';

export interface HeldWorkParts {
  readonly store: Pick<HubStore, 'db' | 'write' | 'engine'>;
  readonly people: Pick<PersonWork, 'step'>;
  readonly placing: Pick<Placing, 'deliver'>;
  readonly presenceOf: PresenceOf;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/**
 * Decisions that are looked at in one go; of a person who has more all are. On an SQLite file others wait meanwhile; on PostgreSQL, where a
 * transaction is some thirty answers of the server, a page of people with three each goes as a whole.
 */
const DECISIONS = { sqlite: 500, postgres: 1500 } as const;

interface Within {
  readonly app: string;
  readonly notification: string;
  readonly from: string;
  readonly to: string;
}

/** No id comes behind it, in the order of bytes. */
const LAST = '\u{10FFFF}';

const decisionsIn = (db: HubDb, { app, notification, from, to, limit }: Within & { readonly limit: number }) =>
  db
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '>=', from)
    .where('user', '<=', to)
    .orderBy('user')
    .orderBy('hop')
    .orderBy('channel')
    .orderBy('device')
    .limit(limit);

const decisions = prepared(decisionsIn);
const lockedDecisions = prepared((db, asked: Within & { readonly limit: number }) =>
  decisionsIn(db, asked).forUpdate(),
);

const dueIn = prepared((db, { app, notification, from, to, by, limit }: Within & Record<'by' | 'limit', number>) =>
  db
    .selectFrom('decisions')
    .select('user')
    .distinct()
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '>=', from)
    .where('user', '<=', to)
    .where('state', 'in', OPEN_STATES)
    .where('due_row', 'is not', null)
    .where('until', '<=', by)
    .orderBy('user')
    .limit(limit),
);

const timersAmong = prepared((db, { ids }: { readonly ids: readonly string[] }) =>
  db.selectFrom('due').select('id').where('id', 'in', ids),
);

interface HeldPage {
  /** Of everyone in it. */
  readonly rows: readonly DecisionRow[];
  /** Those of whom something is due, and who have no timer of their own. */
  readonly users: readonly string[];
  /** Who comes behind it; undefined: no one does. */
  readonly rest: HeldPeople | undefined;
}

interface Held extends Within {
  readonly row: ClaimedDue;
  /** The timer was due, also where the clock has been set back since: who is looked at too early waits on, with a timer of their own. */
  readonly by: number;
}

function heldOf(row: ClaimedDue, now: number): Held {
  const [notification] = JSON.parse(row.ref) as [string];
  const [from, to] = JSON.parse(row.data) as HeldPeople;
  return { app: row.app, notification, from, to: to ?? LAST, row, by: Math.max(now, row.at) };
}

async function heldPage(db: HubDb, held: Held, isLocked: boolean, limit: number): Promise<HeldPage> {
  const { app, notification, from, to, by } = held;
  const rows = await (isLocked ? lockedDecisions : decisions)(db, { app, notification, from, to, limit });
  const last = rows.at(-1)?.user;
  const isAll = rows.length < limit || last === undefined;
  const whole = isAll ? rows : rows.filter(({ user }) => user !== last);
  if (whole.length === 0 && !isAll) return heldPage(db, held, isLocked, 2 * limit);
  const due = whole.filter(
    ({ state, until, due_row: waits }) => isOpen(state) && waits !== null && until !== null && until <= by,
  );
  const users = await withoutTimers(db, app, notification, [...new Set(due.map(({ user }) => user))]);
  return { rows: whole, users, rest: isAll ? undefined : [last, to] };
}

async function withoutTimers(db: HubDb, app: string, notification: string, users: readonly string[]) {
  if (!(await hasTimers(db, app, notification, [PERSON_DUE]))) return users;
  const timers = new Map(users.map((user) => [dueId(personDue(app, notification, user)), user]));
  for (const { id } of await timersAmong(db, { ids: [...timers.keys()] })) timers.delete(id);
  return [...timers.values()];
}

/** The work of HELD_DUE. */
export const heldWork =
  (parts: HeldWorkParts): DueWork =>
  async (rows) => {
    for (const row of rows) await onePage(row, parts);
  };

async function onePage(row: ClaimedDue, parts: HeldWorkParts): Promise<void> {
  const { store, placing, presenceOf, now } = parts;
  const { row: _, ...asked } = heldOf(row, now());
  const present = await dueIn(store.db, { ...asked, limit: DECISIONS[store.engine] });
  // Asked before the transaction, which waits for nothing else.
  const presence = await presenceOf(
    row.app,
    present.map(({ user }) => user),
  );
  const work = (isolation: Isolation) =>
    store.write((tx) => doPage(tx, row, { ...parts, presence, isLocked: isolation === 'snapshot' }), isolation);
  const placed = await (store.engine === 'sqlite'
    ? work('serializable')
    : work('snapshot').catch((error: unknown) => {
        if (error instanceof NeedsSerializable) return work('serializable');
        throw error;
      }));
  if (placed) placing.deliver(placed);
}

interface PageParts extends HeldWorkParts {
  readonly presence: ReadonlyMap<string, PresenceState>;
  readonly isLocked: boolean;
}

async function doPage(
  tx: HubDb,
  row: ClaimedDue,
  { store, people, presence, isLocked, now }: PageParts,
): Promise<Placed | undefined> {
  const held = heldOf(row, now());
  const { app, notification } = held;
  await finishDue(tx, row);
  const { rows, users, rest } = await heldPage(tx, held, isLocked, DECISIONS[store.engine]);
  if (rest !== undefined) await setDue(tx, [{ ...row, data: JSON.stringify(rest) }]);
  if (row.attempts > 0) {
    await setDue(
      tx,
      users.map((user) => ({ ...personDue(app, notification, user), at: row.at })),
    );
    return undefined;
  }
  const looked = users.map((user) => ({ notification, user, data: '', isTimerEnded: true }));
  const placed = await people.step(tx, app, looked, presence, { decisions: rows, lock: isLocked });
  const isDigested = placed.decisions.some((own) => own.some(({ reason }) => reason === 'digested'));
  if (isLocked && (isDigested || placed.handed.length === 0)) throw new NeedsSerializable();
  // What has left is open: its outcomes say when the notification is done. While there are timers, no outcome asks.
  if (placed.handed.length === 0 && !(await hasTimers(tx, app, notification)))
    await settleStatuses(tx, app, [notification], now());
  return placed;
}
