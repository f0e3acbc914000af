import { type ExpressionBuilder, sql } from 'kysely';
import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import type { HubTables } from '../storage/tables.ts';
import { keepPage, keepPages } from './held/held-pages.ts';
import { HELD_DUE, PAGE_DUE, PEOPLE_DUES, personRefs } from './person-due.ts';
import { askedOfPage, DECISIONS_PAGE, decisionPages } from './rows/decision-pages.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';
import { type PersonTimers, personTimers } from './rows/person-timers.ts';

interface Some {
  readonly app: string;
  readonly ids: readonly string[];
}

interface Settled extends Some {
  readonly now: number;
}

const NOT_OVER = ['pending', 'scheduled'];

const pageTimer = (eb: ExpressionBuilder<HubTables, 'notifications'>, app: string) =>
  eb.exists(
    eb
      .selectFrom('due')
      .select('due.id')
      .where('due.app', '=', app)
      .where('kind', '=', PAGE_DUE)
      .whereRef('ref', '=', 'notifications.id'),
  );

const decisionsOf = (eb: ExpressionBuilder<HubTables, 'notifications'>, app: string) =>
  eb.selectFrom('decisions').where('decisions.app', '=', app).whereRef('notification', '=', 'notifications.id');

/** It has more decisions than are looked at in one go. */
const isLarge = (eb: ExpressionBuilder<HubTables, 'notifications'>, app: string) =>
  eb.exists(decisionsOf(eb, app).select('user').limit(sql.lit(1)).offset(sql.lit(DECISIONS_PAGE)));

/** `expired` where nothing else has become of it. */
const statusOf = (eb: ExpressionBuilder<HubTables, 'notifications'>, app: string) =>
  eb
    .case()
    .when(eb.exists(decisionsOf(eb, app).select('user').where('state', '!=', 'expired')))
    .then('done')
    .when(eb.exists(decisionsOf(eb, app).select('user')))
    .then('expired')
    .else('done')
    .end();

/** Of those that are small. */
const settle = prepared((db, { app, ids, now }: Settled) =>
  db
    .updateTable('notifications')
    .set((eb) => ({ status: statusOf(eb, app), done_at: now }))
    .where('app', '=', app)
    .where('id', 'in', ids)
    .where('status', 'in', NOT_OVER)
    .where((eb) =>
      eb.not(
        eb.or([
          pageTimer(eb, app),
          isLarge(eb, app),
          eb.exists(decisionsOf(eb, app).select('user').where('state', 'in', OPEN_STATES)),
        ]),
      ),
    )
    .returning('id'),
);

const large = prepared((db, { app, ids }: Some) =>
  db
    .selectFrom('notifications')
    .select('id')
    .where('app', '=', app)
    .where('id', 'in', ids)
    .where('status', 'in', NOT_OVER)
    .where((eb) => eb.and([eb.not(pageTimer(eb, app)), isLarge(eb, app)])),
);

const settleDone = prepared((db, { app, ids, now }: Settled) =>
  db
    .updateTable('notifications')
    .set({ status: 'done', done_at: now })
    .where('app', '=', app)
    .where('id', 'in', ids)
    .where('status', 'in', NOT_OVER),
);

interface SettledOne extends Omit<Settled, 'ids'> {
  readonly id: string;
  readonly status: 'done' | 'expired';
}

const settleOne = prepared((db, { app, id, status, now }: SettledOne) =>
  db.updateTable('notifications').set({ status, done_at: now }).where('app', '=', app).where('id', '=', id),
);

const openOnes = askedOfPage((decisions) =>
  decisions.select('user').where('state', 'in', OPEN_STATES).limit(sql.lit(1)),
);

const otherOnes = askedOfPage((decisions) =>
  decisions.select('user').where('state', '!=', 'expired').limit(sql.lit(1)),
);

/** In pages: of a notification to very many all but the last may have ended. Undefined: it is open. */
async function statusOfLarge(tx: HubDb, app: string, notification: string): Promise<SettledOne['status'] | undefined> {
  let status: SettledOne['status'] = 'expired';
  for await (const page of decisionPages(tx, { app, notification })) {
    if ((await openOnes(tx, page)).length > 0) return undefined;
    if (status === 'expired' && (await otherOnes(tx, page)).length > 0) status = 'done';
  }
  return status;
}

/** Ids a statement. */
const AT_ONCE = 500;

/** Notifications of which nothing is to come any more are done. */
export async function settleStatuses(
  tx: HubDb,
  app: string,
  notifications: Iterable<string>,
  now: number,
): Promise<void> {
  const all = [...notifications];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const ids = all.slice(at, at + AT_ONCE);
    const done = new Set((await settle(tx, { app, ids, now })).map(({ id }) => id));
    const open = ids.filter((id) => !done.has(id));
    await keepPages(tx, app, open);
    const left = await large(tx, { app, ids: open });
    for (const { id } of left) {
      const status = await statusOfLarge(tx, app, id);
      if (status !== undefined) await settleOne(tx, { app, id, status, now });
    }
  }
}

/** Notifications of which it is known that nothing is to come: their decisions are not looked at. */
export async function endNotifications(
  tx: HubDb,
  app: string,
  notifications: readonly string[],
  now: number,
): Promise<void> {
  for (let at = 0; at < notifications.length; at += AT_ONCE)
    await settleDone(tx, { app, ids: notifications.slice(at, at + AT_ONCE), now });
}

const timers = prepared((db, asked: PersonTimers) => personTimers(db, asked).select('kind').limit(sql.lit(1)));

const timersOf = (db: HubDb, app: string, notification: string, kinds: readonly string[] = PEOPLE_DUES) =>
  timers(db, { app, kinds, ...personRefs(notification) });

/** Whether people of a notification are looked at later. */
export const hasTimers = async (...of: Parameters<typeof timersOf>): Promise<boolean> =>
  (await timersOf(...of)).length > 0;

/** Whether it is left to those who look at people of it later. */
async function isLeft(tx: HubDb, app: string, notification: string): Promise<boolean> {
  const [timer] = await timersOf(tx, app, notification);
  if (timer?.kind === HELD_DUE) await keepPage(tx, app, notification);
  return timer !== undefined;
}

/**
 * The notifications that these people are of, without those that cannot be done yet, as more of their people wait for their time: what
 * is open of a notification to very many would be looked for among all its decisions, again and again. Of one to one person there are few.
 */
export async function mayBeDone(
  tx: HubDb,
  app: string,
  people: readonly { readonly notification: string; readonly isToOne?: boolean }[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const [id, some] of Map.groupBy(people, ({ notification }) => notification)) {
    const isWaiting = some.length > 1 && !some.some(({ isToOne }) => isToOne) && (await isLeft(tx, app, id));
    if (!isWaiting) ids.push(id);
  }
  return ids;
}
