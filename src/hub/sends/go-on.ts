import { among, prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { setDue } from '../timers/due-rows.ts';
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

/** People of whom a later hop waits are looked at now. @returns whether there are any */
export async function goOn(tx: HubDb, app: string, people: readonly PersonOf[], now: number): Promise<boolean> {
  const once = new Map(
    people.map(({ notification, user }) => [JSON.stringify([notification, user]), { notification, user }]),
  );
  const waiting = await waitingFor(tx, { app, people: [...once.values()] });
  await setDue(
    tx,
    waiting.map(({ notification, user }) => ({ ...personDue(app, notification, user), at: now })),
  );
  return waiting.length > 0;
}
