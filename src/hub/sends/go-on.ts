import { sql } from 'kysely';
import { among, prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { setDue } from '../timers/due-rows.ts';
import { rangeOf, type UserRange } from '../words/user-range.ts';
import { personDue } from './person-due.ts';

/** A person, as far as a notification goes. */
type PersonOf = Readonly<Record<'notification' | 'user', string>>;

const waitingFor = prepared((db, { app, people }: { readonly app: string; readonly people: readonly PersonOf[] }) =>
  db
    .selectFrom('decisions')
    .select(['notification', 'user'])
    .distinct()
    .where('app', '=', app)
    .where('state', '=', 'pending')
    .where('due_row', 'is not', null)
    .where(among(['notification', 'user'], people)),
);

interface Among extends UserRange {
  readonly app: string;
  readonly notification: string;
}

const anyWaiting = prepared((db, { app, notification, from, to }: Among) =>
  db
    .selectFrom('decisions')
    .select('user')
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '>=', from)
    .where('user', '<=', to)
    .where('state', '=', 'pending')
    .where('due_row', 'is not', null)
    .limit(sql.lit(1)),
);

/** So many people of one notification are asked about as one first: nothing waits for most. */
const MANY = 32;

/** Those of whom something may wait. */
async function mayWait(tx: HubDb, app: string, people: readonly PersonOf[]): Promise<readonly PersonOf[]> {
  if (people.length < MANY) return people;
  const may: PersonOf[] = [];
  for (const [notification, some] of Map.groupBy(people, (each) => each.notification)) {
    const range = some.length < MANY ? undefined : rangeOf(some.map(({ user }) => user));
    const isNone = range && (await anyWaiting(tx, { app, notification, ...range })).length === 0;
    if (!isNone) may.push(...some);
  }
  return may;
}

/** People of whom a later hop waits are looked at now. @returns whether there are any */
export async function goOn(tx: HubDb, app: string, people: readonly PersonOf[], now: number): Promise<boolean> {
  const some = await mayWait(tx, app, people);
  const once = new Map(
    some.map(({ notification, user }) => [JSON.stringify([notification, user]), { notification, user }]),
  );
  const waiting = await waitingFor(tx, { app, people: [...once.values()] });
  await setDue(
    tx,
    waiting.map(({ notification, user }) => ({ ...personDue(app, notification, user), at: now })),
  );
  return waiting.length > 0;
}
