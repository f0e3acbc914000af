import type { HubDb } from '../storage/storage.ts';
import { PAGE_DUE } from './person-due.ts';
import { isOpen } from './rows/decision-rows.ts';

/** Notifications of which nothing is to come any more are done. */
export async function settleStatuses(
  tx: HubDb,
  app: string,
  notifications: Iterable<string>,
  now: number,
): Promise<void> {
  for (const id of notifications) {
    if (await isOpen(tx, app, id)) continue;
    await tx
      .updateTable('notifications')
      .set({ status: 'done', done_at: now })
      .where('app', '=', app)
      .where('id', '=', id)
      .where('status', 'in', ['pending', 'scheduled'])
      .where((eb) =>
        eb.not(
          eb.exists(
            eb.selectFrom('due').select('id').where('app', '=', app).where('kind', '=', PAGE_DUE).where('ref', '=', id),
          ),
        ),
      )
      .execute();
  }
}
