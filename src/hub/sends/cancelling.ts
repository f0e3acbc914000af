import type { HubDb, HubStore } from '../storage/storage.ts';
import { PAGE_DUE, PERSON_DUE } from './person-due.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';
import { findNotification } from './rows/notification-rows.ts';

/** What a cancellation came to, in decisions. */
export interface Cancelled {
  readonly cancelled: number;
  /** Those that had left before, or were with a provider. */
  readonly left: number;
}

/** Takes back what has not left of a notification. Again: the same. @returns undefined when there is none */
export function cancelNotification(
  store: Pick<HubStore, 'write'>,
  app: string,
  id: string,
  now: number,
): Promise<Cancelled | undefined> {
  return store.write(async (tx) => ((await findNotification(tx, app, id)) ? cancel(tx, app, id, now) : undefined));
}

/** The same for all notifications with a cancel key. */
export function cancelByKey(store: Pick<HubStore, 'write'>, app: string, key: string, now: number): Promise<Cancelled> {
  return store.write(async (tx) => {
    const rows = await tx
      .selectFrom('notifications')
      .select('id')
      .where('app', '=', app)
      .where('cancel_key', '=', key)
      .execute();
    const sum = { cancelled: 0, left: 0 };
    for (const { id } of rows) {
      const { cancelled, left } = await cancel(tx, app, id, now);
      sum.cancelled += cancelled;
      sum.left += left;
    }
    return sum;
  });
}

async function cancel(tx: HubDb, app: string, id: string, now: number): Promise<Cancelled> {
  await tx
    .updateTable('decisions')
    .set({ state: 'cancelled', reason: 'cancelled', at: now, until: null, due_row: null })
    .where('app', '=', app)
    .where('notification', '=', id)
    .where('state', 'in', OPEN_STATES)
    .where('due_row', 'is not', null)
    .execute();
  await clearTimers(tx, app, id);
  await tx
    .updateTable('notifications')
    .set({ status: 'cancelled', done_at: now })
    .where('app', '=', app)
    .where('id', '=', id)
    .where('status', 'in', ['pending', 'scheduled'])
    .execute();
  const rows = await tx
    .selectFrom('decisions')
    .select((eb) => ['state', 'reason', eb.fn.countAll<number>().as('count')])
    .where('app', '=', app)
    .where('notification', '=', id)
    .where('state', 'in', ['cancelled', 'pending', 'sent', 'delivered', 'seen', 'read'])
    .groupBy(['state', 'reason'])
    .execute();
  const sum = (some: typeof rows): number => some.reduce((all, { count }) => all + Number(count), 0);
  return {
    cancelled: sum(rows.filter(({ state, reason }) => state === 'cancelled' && reason === 'cancelled')),
    left: sum(rows.filter(({ state }) => state !== 'cancelled')),
  };
}

/** Those of its people, and of the pages that were still to come. */
async function clearTimers(tx: HubDb, app: string, id: string): Promise<void> {
  // `["<id>","<user>"]`: a comma is followed by a hyphen in the order of bytes.
  const begin = JSON.stringify([id]).slice(0, -1);
  await tx.deleteFrom('due').where('app', '=', app).where('kind', '=', PAGE_DUE).where('ref', '=', id).execute();
  await tx
    .deleteFrom('due')
    .where('app', '=', app)
    .where('kind', '=', PERSON_DUE)
    .where('ref', '>=', `${begin},`)
    .where('ref', '<', `${begin}-`)
    .execute();
}
