/**
 * Very many people of one notification who wait for the same moment have one timer together: what is due of them is done a page after
 * another, in the order of their ids. People who are looked at for another reason meanwhile have timers of their own from then on, and are
 * left to them. Where a page fails, or a process has died over it, its people get timers of their own, so that one of them holds up no other.
 */
import { sql } from 'kysely';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { type ClaimedDue, type DueWork, dueId, finishDue, setDue } from '../timers/due-rows.ts';
import type { PresenceOf } from './accepting/send-order.ts';
import { personDue } from './person-due.ts';
import type { PersonWork } from './person-work.ts';
import type { Placing } from './placing.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';
import { settleStatuses } from './settle-status.ts';

export interface HeldWorkParts {
  readonly store: Pick<HubStore, 'db' | 'write'>;
  readonly people: Pick<PersonWork, 'timed'>;
  readonly placing: Pick<Placing, 'deliver'>;
  readonly presenceOf: PresenceOf;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Decisions that are looked at in one go. Of a person who has more the others go with these. */
const DECISIONS = 500;

interface Behind {
  readonly app: string;
  readonly notification: string;
  /** The person behind whom it begins. */
  readonly after: string;
}

const decisionsBehind = prepared((db, { app, notification, after }: Behind) =>
  db
    .selectFrom('decisions')
    .select(['user', 'state', 'until', 'due_row'])
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '>', after)
    .orderBy('user')
    .limit(sql.lit(DECISIONS)),
);

const timersAmong = prepared((db, { ids }: { readonly ids: readonly string[] }) =>
  db.selectFrom('due').select('id').where('id', 'in', ids),
);

interface HeldPage {
  readonly notification: string;
  /** Those of whom something is due, and who have no timer of their own. */
  readonly users: readonly string[];
  /** The person behind whom the next page begins; undefined: it is the last one. */
  readonly next: string | undefined;
}

async function heldPage(db: HubDb, { app, ref, data: after, at }: ClaimedDue, now: number): Promise<HeldPage> {
  const [notification] = JSON.parse(ref) as [string];
  const rows = await decisionsBehind(db, { app, notification, after });
  const last = rows.at(-1)?.user;
  const isWhole = rows.length < DECISIONS;
  const before = rows.filter(({ user }) => user !== last);
  const whole = isWhole || before.length === 0 ? rows : before;
  // The timer was due, also where the clock has been set back since: who is looked at too early waits on, with a timer of their own.
  const by = Math.max(now, at);
  const open: readonly string[] = OPEN_STATES;
  const due = whole.filter(
    ({ state, until, due_row: waits }) => open.includes(state) && waits !== null && until !== null && until <= by,
  );
  const timers = new Map(due.map(({ user }) => [dueId(personDue(app, notification, user)), user]));
  for (const { id } of await timersAmong(db, { ids: [...timers.keys()] })) timers.delete(id);
  return { notification, users: [...timers.values()], next: isWhole ? undefined : whole.at(-1)?.user };
}

/** The work of HELD_DUE. */
export const heldWork =
  (parts: HeldWorkParts): DueWork =>
  async (rows) => {
    for (const row of rows) await onePage(row, parts);
  };

async function onePage(row: ClaimedDue, { store, people, placing, presenceOf, now }: HeldWorkParts): Promise<void> {
  const { app } = row;
  // Asked before the transaction, which waits for nothing else.
  const presence = await presenceOf(app, (await heldPage(store.db, row, now())).users);
  const placed = await store.write(async (tx) => {
    await finishDue(tx, row);
    const { notification, users, next } = await heldPage(tx, row, now());
    if (next !== undefined) await setDue(tx, [{ ...row, data: next }]);
    if (row.attempts > 0) {
      await setDue(
        tx,
        users.map((user) => ({ ...personDue(app, notification, user), at: row.at })),
      );
      return undefined;
    }
    const looked = users.map((user) => ({ notification, user, data: '', isTimerEnded: true }));
    const result = await people.timed(tx, app, looked, presence);
    // While there was this timer, no one asked what the pages before it have come to.
    if (next === undefined) await settleStatuses(tx, app, [notification], now());
    return result;
  });
  if (placed) placing.deliver(placed);
}
