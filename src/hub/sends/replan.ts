import type { HubDb } from '../storage/storage.ts';
import { setDue } from '../timers/due-rows.ts';
import { personDue } from './person-due.ts';

/** Says to the timer's work that what is held is decided again before its time. */
export const AGAIN = 'again';

/**
 * Has what is held for people decided again at once: their settings, their clock or what they have was changed.
 * @param now UNIX milliseconds
 */
export async function replan(tx: HubDb, app: string, users: readonly string[], now: number): Promise<void> {
  if (users.length === 0) return;
  const rows = await tx
    .selectFrom('decisions')
    .select(['notification', 'user'])
    .distinct()
    .where('app', '=', app)
    .where('user', 'in', users)
    .where('state', '=', 'deferred')
    .execute();
  await setDue(
    tx,
    rows.map(({ notification, user }) => ({ ...personDue(app, notification, user), at: now, data: AGAIN })),
  );
}
