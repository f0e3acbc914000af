import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { PAGE_DUE } from './person-due.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';

interface Settled {
  readonly app: string;
  readonly ids: readonly string[];
  readonly now: number;
}

const settle = prepared((db, { app, ids, now }: Settled) =>
  db
    .updateTable('notifications')
    .set({ status: 'done', done_at: now })
    .where('app', '=', app)
    .where('id', 'in', ids)
    .where('status', 'in', ['pending', 'scheduled'])
    .where((eb) =>
      eb.not(
        eb.or([
          eb.exists(
            eb
              .selectFrom('decisions')
              .select('user')
              .where('decisions.app', '=', app)
              .whereRef('notification', '=', 'notifications.id')
              .where('state', 'in', OPEN_STATES),
          ),
          eb.exists(
            eb
              .selectFrom('due')
              .select('due.id')
              .where('due.app', '=', app)
              .where('kind', '=', PAGE_DUE)
              .whereRef('ref', '=', 'notifications.id'),
          ),
        ]),
      ),
    ),
);

/** Ids a statement. */
const AT_ONCE = 500;

/** Notifications of which nothing is to come any more are done. */
export async function settleStatuses(
  tx: HubDb,
  app: string,
  notifications: Iterable<string>,
  now: number,
): Promise<void> {
  const ids = [...notifications];
  for (let at = 0; at < ids.length; at += AT_ONCE) await settle(tx, { app, ids: ids.slice(at, at + AT_ONCE), now });
}
