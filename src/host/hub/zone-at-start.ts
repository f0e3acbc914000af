import type { HubDb, HubStore } from '../../hub/storage/storage.ts';
import { background } from '../../kit/background.ts';
import type { Log } from '../../observe/log/log.ts';

export interface ZoneAtStart {
  readonly store: HubStore;
  /** `hub.timezone` of an app. */
  readonly zoneOf: (app: string) => string;
  /** Has what is held for people planned again. */
  readonly changed: (tx: HubDb, app: string, users: readonly string[]) => Promise<void>;
}

const ZONE = 'timezone:';
const PAGE = 500;

/**
 * At the start: where `hub.timezone` of an app is another one than its people were last planned by, what is held for those without a
 * zone of their own is planned again, a page of them in each transaction. The new one is noted when all are through: what ends in
 * between is made up for by the next start.
 */
export async function zoneAtStart(parts: ZoneAtStart): Promise<void> {
  const { store, zoneOf } = parts;
  for (let app = await nextApp(store.db, ''); app !== undefined; app = await nextApp(store.db, app))
    await zoneOfApp(parts, app, zoneOf(app));
}

/** The same behind a start. @param committed after the last commit */
export function renewZones(parts: ZoneAtStart, committed: () => void, log: Log): void {
  background(zoneAtStart(parts).then(committed), ({ message }) =>
    log.warn(`hub: what is held was not planned again: ${message}`),
  );
}

/** Of those that have people. */
const nextApp = async (db: HubDb, after: string): Promise<string | undefined> =>
  (await db.selectFrom('users').select('app').where('app', '>', after).orderBy('app').limit(1).executeTakeFirst())?.app;

async function zoneOfApp({ store, changed }: ZoneAtStart, app: string, zone: string): Promise<void> {
  const key = ZONE + app;
  const row = await store.db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  if (row?.value === zone) return;
  // Of people that were planned by an earlier version nothing is known.
  for (let after: string | undefined = row && ''; after !== undefined; ) {
    const from: string = after;
    after = await store.write((tx) => planPage(tx, { app, from }, changed));
  }
  await store.write(async (tx) => {
    await tx
      .insertInto('meta')
      .values({ key, value: zone })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: zone }))
      .execute();
  });
}

/** @returns the id after which the next page begins; undefined: that was the last */
async function planPage(
  tx: HubDb,
  { app, from }: { readonly app: string; readonly from: string },
  changed: ZoneAtStart['changed'],
): Promise<string | undefined> {
  const people = await tx
    .selectFrom('users')
    .select('id')
    .where('app', '=', app)
    .where('id', '>', from)
    .where('timezone', 'is', null)
    .orderBy('id')
    .limit(PAGE)
    .execute();
  const ids = people.map(({ id }) => id);
  if (ids.length > 0) await changed(tx, app, ids);
  return ids.length < PAGE ? undefined : ids.at(-1);
}
