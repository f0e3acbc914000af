import type { ExpressionBuilder } from 'kysely';
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification } from '../notifications/decide-input.ts';
import type { HubDb } from '../storage/storage.ts';
import type { HubTables } from '../storage/tables.ts';
import { clearDue } from '../timers/due-rows.ts';
import { personDue } from './person-due.ts';
import { SUPERSEDED, waits } from './rows/decision-rows.ts';
import { settleStatuses } from './settle-status.ts';

/**
 * Cancels what has not left of earlier notifications with the same collapse key to these people. What a carrier has is noted, so that it
 * is not sent again should it come back. @returns what was cancelled
 */
export async function collapse(
  tx: HubDb,
  { app, id, collapse_key: key }: AcceptedNotification,
  users: readonly string[],
  now: number,
): Promise<DecidedFact[]> {
  if (key === undefined || users.length === 0) return [];
  const earlier = (eb: ExpressionBuilder<HubTables, 'decisions'>) =>
    eb.and([
      eb('app', '=', app),
      eb('user', 'in', users),
      eb(
        'notification',
        'in',
        eb
          .selectFrom('notifications')
          .select('id')
          .where('app', '=', app)
          .where('collapse_key', '=', key)
          .where('id', '!=', id),
      ),
    ]);
  const rows = await tx
    .updateTable('decisions')
    .set({ state: 'cancelled', reason: SUPERSEDED, at: now, until: null, due_row: null })
    .where(earlier)
    .where(waits)
    .returning(['app', 'notification', 'user', 'channel', 'state', 'reason'])
    .execute();
  await tx
    .updateTable('decisions')
    .set({ reason: SUPERSEDED })
    .where(earlier)
    .where('state', '=', 'pending')
    .where('batch', 'is not', null)
    .execute();
  await clearDue(
    tx,
    rows.map(({ notification, user }) => personDue(app, notification, user)),
  );
  await settleStatuses(tx, app, new Set(rows.map(({ notification }) => notification)), now);
  return rows;
}
