import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { setDue } from '../timers/due-rows.ts';
import { personDue } from './person-due.ts';

interface OfPeople {
  readonly app: string;
  readonly notification: string;
  readonly users: readonly string[];
}

const waitingFor = prepared((db, { app, notification, users }: OfPeople) =>
  db
    .selectFrom('decisions')
    .select('user')
    .distinct()
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', 'in', users)
    .where('state', '=', 'pending')
    .where('due_row', 'is not', null),
);

/** Ids a statement. */
const AT_ONCE = 500;

/** People of whom a later hop waits are looked at now. @returns whether there are any */
export async function goOn(
  tx: HubDb,
  app: string,
  notification: string,
  people: ReadonlySet<string>,
  now: number,
): Promise<boolean> {
  const users = [...people];
  let isAny = false;
  for (let at = 0; at < users.length; at += AT_ONCE) {
    const waiting = await waitingFor(tx, { app, notification, users: users.slice(at, at + AT_ONCE) });
    await setDue(
      tx,
      waiting.map(({ user }) => ({ ...personDue(app, notification, user), at: now })),
    );
    isAny ||= waiting.length > 0;
  }
  return isAny;
}
