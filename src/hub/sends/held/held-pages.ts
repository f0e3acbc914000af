/**
 * Each transaction that ends something of a notification asks whether that was the last of it. They are serializable, so that of two of
 * which neither sees the other PostgreSQL refuses one, and it asks again. A page of held people is not (held-work.ts): who has begun before
 * a page, and leaves the notification open as that is to come, could end after outcomes of the page that did not see it, and no one would
 * be the last. So who leaves a notification open that has held pages locks one of them: that page ends later, and its outcomes see all.
 * On an SQLite file nothing comes between.
 */
import { sql } from 'kysely';
import { hasRowLocks, prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import { HELD_DUE, personRefs } from '../person-due.ts';
import { type PersonTimers, personTimers } from '../rows/person-timers.ts';

interface Some {
  readonly app: string;
  readonly ids: readonly string[];
}

/** `personRefs` of the id of a notification: no id has control characters, so quotes and backslashes are all that JSON escapes. */
const refsBegin = sql<string>`'[' || to_json(notifications.id)::text`;

const withPages = prepared((db, { app, ids }: Some) =>
  db
    .selectFrom('notifications')
    .select('id')
    .where('app', '=', app)
    .where('id', 'in', ids)
    .where('done_at', 'is', null)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('due')
          .select('due.id')
          .where('due.app', '=', app)
          .where('kind', '=', HELD_DUE)
          .where('ref', '>=', sql<string>`${refsBegin} || ','`)
          .where('ref', '<', sql<string>`${refsBegin} || '-'`),
      ),
    ),
);

/** The last of them: the first ones are begun first, and one that has changed since this transaction began would make it begin again. */
const lastPage = (db: HubDb, pages: PersonTimers) =>
  personTimers(db, pages).select('id').orderBy('ref', 'desc').limit(sql.lit(1)).forKeyShare();

const freePage = prepared((db, pages: PersonTimers) => lastPage(db, pages).skipLocked());
const anyPage = prepared(lastPage);

/**
 * Called by who leaves a notification open, before its transaction ends: see above.
 * @throws where all pages that it sees are being done, and have been once it has waited for that: the transaction is then repeated
 */
export async function keepPage(tx: HubDb, app: string, notification: string): Promise<void> {
  if (!hasRowLocks(tx)) return;
  const pages = { app, kinds: [HELD_DUE], ...personRefs(notification) };
  const [free] = await freePage(tx, pages);
  if (!free) await anyPage(tx, pages);
}

/** The same for those of `ids` that have held pages. */
export async function keepPages(tx: HubDb, app: string, ids: readonly string[]): Promise<void> {
  if (!hasRowLocks(tx) || ids.length === 0) return;
  for (const { id } of await withPages(tx, { app, ids })) await keepPage(tx, app, id);
}
