import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { PAGE_DUE } from './person-due.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';

const settle = prepared((db, { app, id, now }: { readonly app: string; readonly id: string; readonly now: number }) =>
  db
    .updateTable('notifications')
    .set({ status: 'done', done_at: now })
    .where('app', '=', app)
    .where('id', '=', id)
    .where('status', 'in', ['pending', 'scheduled'])
    .where((eb) =>
      eb.not(
        eb.or([
          eb.exists(
            eb
              .selectFrom('decisions')
              .select('user')
              .where('app', '=', app)
              .where('notification', '=', id)
              .where('state', 'in', OPEN_STATES),
          ),
          eb.exists(
            eb.selectFrom('due').select('id').where('app', '=', app).where('kind', '=', PAGE_DUE).where('ref', '=', id),
          ),
        ]),
      ),
    ),
);

/** Notifications of which nothing is to come any more are done. */
export async function settleStatuses(
  tx: HubDb,
  app: string,
  notifications: Iterable<string>,
  now: number,
): Promise<void> {
  for (const id of notifications) await settle(tx, { app, id, now });
}
