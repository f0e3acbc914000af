import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification } from '../notifications/decide-input.ts';
import type { HubDb } from '../storage/storage.ts';
import { clearDue } from '../timers/due-rows.ts';
import { personDue } from './person-due.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';
import { settleStatuses } from './settle-status.ts';

/** Cancels what has not left of earlier notifications with the same collapse key to these people. @returns what was cancelled */
export async function collapse(
  tx: HubDb,
  { app, id, collapse_key: key }: AcceptedNotification,
  users: readonly string[],
  now: number,
): Promise<DecidedFact[]> {
  if (key === undefined || users.length === 0) return [];
  const rows = await tx
    .updateTable('decisions')
    .set({ state: 'cancelled', reason: 'superseded', at: now, until: null, due_row: null })
    .where('app', '=', app)
    .where('user', 'in', users)
    .where('state', 'in', OPEN_STATES)
    .where('due_row', 'is not', null)
    .where('notification', 'in', (eb) =>
      eb
        .selectFrom('notifications')
        .select('id')
        .where('app', '=', app)
        .where('collapse_key', '=', key)
        .where('id', '!=', id),
    )
    .returning(['app', 'notification', 'user', 'channel', 'state', 'reason'])
    .execute();
  await clearDue(
    tx,
    rows.map(({ notification, user }) => personDue(app, notification, user)),
  );
  await settleStatuses(tx, app, new Set(rows.map(({ notification }) => notification)), now);
  return rows;
}
