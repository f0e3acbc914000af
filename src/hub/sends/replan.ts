import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { setDue } from '../timers/due-rows.ts';
import { TAKEN_BY_DIGEST } from './digests/digest-id.ts';
import { endDigest } from './digests/digest-items.ts';
import { endHeldDigests } from './digests/held-digests.ts';
import { personDue } from './person-due.ts';

/** Says to the timer's work that what is held is decided again before its time. */
export const AGAIN = 'again';

/** Rows a statement. */
const AT_ONCE = 500;

const heldFor = prepared((db, { app, users }: { readonly app: string; readonly users: readonly string[] }) =>
  db
    .selectFrom('decisions')
    .select(['notification', 'user'])
    .distinct()
    .where('app', '=', app)
    .where('user', 'in', users)
    .where('state', '=', 'deferred')
    .where('due_row', 'is not', null)
    .where('due_row', 'not like', TAKEN_BY_DIGEST),
);

/**
 * Has what is held for people decided again at once: their settings, their clock or what they have was changed.
 * @param now UNIX milliseconds
 * @returns whether anything is
 */
export async function replan(tx: HubDb, app: string, users: readonly string[], now: number): Promise<boolean> {
  let isAny = false;
  for (let at = 0; at < users.length; at += AT_ONCE) {
    const rows = await heldFor(tx, { app, users: users.slice(at, at + AT_ONCE) });
    if (rows.length === 0) continue;
    isAny = true;
    await endHeldDigests(tx, app, [...new Set(rows.map(({ user }) => user))], now);
    for (let row = 0; row < rows.length; row += AT_ONCE)
      await setDue(
        tx,
        rows
          .slice(row, row + AT_ONCE)
          .map(({ notification, user }) => ({ ...personDue(app, notification, user), at: now, data: AGAIN })),
      );
  }
  return isAny;
}

/**
 * A person's snooze ends now, and not when it was to: what it holds leaves, is collected or cleared as at its own end. For the
 * transaction that changes the settings, before `replan`.
 */
export async function endSnooze(tx: HubDb, app: string, user: string, now: number): Promise<void> {
  await tx
    .updateTable('decisions')
    .set({ until: now })
    .where('app', '=', app)
    .where('user', '=', user)
    .where('state', '=', 'deferred')
    .where('reason', '=', 'snoozed')
    .where('due_row', 'is not', null)
    .execute();
  await endDigest(tx, app, user, 'snoozed', now);
}
