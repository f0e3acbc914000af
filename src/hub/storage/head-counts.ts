import { setImmediate as turn } from 'node:timers/promises';
import type { HubDb, HubStore } from './storage.ts';

/** How many people, or devices of one status, an app has. */
export interface CountedHeads {
  readonly app: string;
  /** Of devices; absent: people. */
  readonly status?: string;
  readonly count: number;
}

/** SQLite counts on the event loop: of one app and status it walks so far, which takes tens of milliseconds. */
const MOST_IN_SQLITE = 1_000_000;

/** Counts people and devices by the indexes alone, an app and a status at a time. */
export async function countHeads({ db, engine }: Pick<HubStore, 'db' | 'engine'>): Promise<CountedHeads[]> {
  const most = engine === 'sqlite' ? MOST_IN_SQLITE : Number.MAX_SAFE_INTEGER;
  const heads: CountedHeads[] = [];
  for (let app = await nextApp(db, ''); app !== undefined; app = await nextApp(db, app)) {
    heads.push({ app, count: await countPeople(db, app, most) });
    await turn();
  }
  for (let at = await nextStatus(db, '', ''); at; at = await nextStatus(db, at.app, at.status)) {
    heads.push({ ...at, count: await countDevices(db, at, most) });
    await turn();
  }
  return heads;
}

const nextApp = async (db: HubDb, after: string): Promise<string | undefined> =>
  (await db.selectFrom('users').select('app').where('app', '>', after).orderBy('app').limit(1).executeTakeFirst())?.app;

const nextStatus = (db: HubDb, app: string, status: string): Promise<{ app: string; status: string } | undefined> =>
  db
    .selectFrom('devices')
    .select(['app', 'status'])
    .where((eb) => eb(eb.refTuple('app', 'status'), '>', eb.tuple(app, status)))
    .orderBy('app')
    .orderBy('status')
    .limit(1)
    .executeTakeFirst();

async function countPeople(db: HubDb, app: string, most: number): Promise<number> {
  const { count } = await db
    .selectFrom((eb) => eb.selectFrom('users').select('app').where('app', '=', app).limit(most).as('some'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function countDevices(db: HubDb, at: { readonly app: string; readonly status: string }, most: number) {
  const { count } = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('devices')
        .select('app')
        .where('app', '=', at.app)
        .where('status', '=', at.status)
        .limit(most)
        .as('some'),
    )
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** People of one app, and its devices by status. */
export interface AppHeads {
  readonly people: number;
  readonly devices: Readonly<Record<string, number>>;
}

/** Of each no more are counted: a caller waits for the answer. */
const MOST_OF_APP = 100_000;

export async function countAppHeads({ db }: Pick<HubStore, 'db'>, app: string): Promise<AppHeads> {
  const people = await countPeople(db, app, MOST_OF_APP);
  const devices: Record<string, number> = {};
  for (let at = await nextStatus(db, app, ''); at?.app === app; at = await nextStatus(db, app, at.status)) {
    await turn();
    devices[at.status] = await countDevices(db, at, MOST_OF_APP);
  }
  return { people, devices };
}
