import { sql } from 'kysely';
import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { PAGE_DUE, PERSON_DUE, personRefs } from './person-due.ts';
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
          // Timers first: of a notification to very many most decisions have ended, and the one that has not would be looked for.
          eb.exists(
            eb
              .selectFrom('due')
              .select('due.id')
              .where('due.app', '=', app)
              .where('kind', '=', PAGE_DUE)
              .whereRef('ref', '=', 'notifications.id'),
          ),
          eb.exists(
            eb
              .selectFrom('decisions')
              .select('user')
              .where('decisions.app', '=', app)
              .whereRef('notification', '=', 'notifications.id')
              .where('state', 'in', OPEN_STATES),
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

interface Timers {
  readonly app: string;
  readonly from: string;
  readonly to: string;
}

const timers = prepared((db, { app, from, to }: Timers) =>
  db
    .selectFrom('due')
    .select('id')
    .where('app', '=', app)
    .where('kind', '=', PERSON_DUE)
    .where('ref', '>=', from)
    .where('ref', '<', to)
    .limit(sql.lit(1)),
);

/**
 * The notifications that these people are of, without those that cannot be done yet, as more of their people wait for their time: what
 * is open of a notification to very many would be looked for among all its decisions, again and again.
 */
export async function mayBeDone(
  tx: HubDb,
  app: string,
  people: readonly { readonly notification: string }[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const [id, some] of Map.groupBy(people, ({ notification }) => notification)) {
    const isWaiting = some.length > 1 && (await timers(tx, { app, ...personRefs(id) })).length > 0;
    if (!isWaiting) ids.push(id);
  }
  return ids;
}
