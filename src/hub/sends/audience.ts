/**
 * Who a notification is for: the union of people, teams, roles, topics, devices and everyone, each person once, without those of `except`;
 * in the order of their ids and in pages, so that a million people never are in memory together.
 */
import { type ExpressionBuilder, sql } from 'kysely';
import type { NotificationDoc } from '../notifications/notification-doc.ts';
import type { HubDb } from '../storage/storage.ts';
import type { HubTables } from '../storage/tables.ts';

/** `to` of a notification, normalised: every list is there. */
export interface Audience {
  readonly users: readonly string[];
  readonly teams: readonly string[];
  readonly roles: readonly string[];
  readonly topics: readonly string[];
  readonly devices: readonly string[];
  readonly everyone: boolean;
  readonly except: readonly string[];
}

export const audienceOf = ({ to }: Pick<NotificationDoc, 'to'>): Audience => ({
  ...{ users: [], teams: [], roles: [], topics: [], devices: [], everyone: false, except: [] },
  ...to,
});

/** A person that a notification is for. */
export interface Addressee {
  readonly user: string;
  /** Reached by push at these devices only, since nothing but a device was named: `to.devices`, or a topic of the device's own. */
  readonly only?: readonly string[];
}

export interface AudiencePage {
  readonly people: readonly Addressee[];
  /** The id after which the next page begins; absent: this was the last one. */
  readonly next?: string;
}

/** Ids of `to` that belong to no one: people as they are, devices as `device:<id>`. */
export async function unknownOf(db: HubDb, app: string, to: Audience): Promise<string[]> {
  const users = await known(to.users, (ids) =>
    db.selectFrom('users').select('id').where('app', '=', app).where('id', 'in', ids).execute(),
  );
  const devices = await known(to.devices, (ids) =>
    db.selectFrom('device_users').select('device as id').where('app', '=', app).where('device', 'in', ids).execute(),
  );
  return [
    ...to.users.filter((id) => !users.has(id)),
    ...to.devices.filter((id) => !devices.has(id)).map((id) => `device:${id}`),
  ];
}

/** Ids a query, well below the parameters that SQLite and PostgreSQL allow. */
const AT_ONCE = 1000;

async function known(
  ids: readonly string[],
  find: (some: string[]) => Promise<{ id: string }[]>,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += AT_ONCE)
    for (const { id } of await find(ids.slice(at, at + AT_ONCE))) found.add(id);
  return found;
}

/** People of the page after `after`, by all channels or by single devices. */
export async function audiencePage(
  db: HubDb,
  app: string,
  to: Audience,
  after: string,
  limit: number,
): Promise<AudiencePage> {
  const rows = await db
    .selectFrom(
      wholePeople(db, app, to, after)
        .unionAll(singleDevices(db, app, to, after))
        .as('person'),
    )
    .select((eb) => ['person.user', eb.fn.max<number>('person.whole').as('whole')])
    .groupBy('person.user')
    .orderBy('person.user')
    .limit(limit)
    .execute();
  const except = new Set(to.except);
  const some = rows.filter(({ user }) => !except.has(user));
  const only = await devicesOf(
    db,
    app,
    to,
    some.filter(({ whole }) => Number(whole) === 0).map(({ user }) => user),
  );
  const people = some.map(({ user }) => (only.has(user) ? { user, only: only.get(user) as string[] } : { user }));
  const last = rows.at(-1);
  return rows.length === limit && last ? { people, next: last.user } : { people };
}

/** How many people a notification is for, without those who are not known. */
export async function audienceSize(db: HubDb, app: string, to: Audience): Promise<number> {
  const row = await db
    .selectFrom(
      wholePeople(db, app, to, '')
        .unionAll(singleDevices(db, app, to, ''))
        .as('person'),
    )
    .select((eb) => eb.fn.count<number>('person.user').distinct().as('size'))
    .$if(to.except.length > 0, (query) => query.where('person.user', 'not in', to.except))
    .executeTakeFirstOrThrow();
  return Number(row.size);
}

const one = sql<number>`1`.as('whole');
const none = sql<number>`0`.as('whole');

/** `id in ()` is no SQL. */
const listed = (ids: readonly string[]): readonly string[] => (ids.length === 0 ? [''] : ids);

function wholePeople(db: HubDb, app: string, to: Audience, after: string) {
  return db
    .selectFrom('users')
    .select(['id as user', one])
    .where('app', '=', app)
    .where('id', '>', after)
    .$if(!to.everyone, (query) =>
      query.where((eb) =>
        eb.or([
          eb('id', 'in', listed(to.users)),
          eb('id', 'in', (of) =>
            of.selectFrom('user_teams').select('user').where('app', '=', app).where('team', 'in', listed(to.teams)),
          ),
          eb('id', 'in', (of) =>
            of.selectFrom('user_roles').select('user').where('app', '=', app).where('role', 'in', listed(to.roles)),
          ),
          eb('id', 'in', (of) =>
            of.selectFrom('topic_users').select('user').where('app', '=', app).where('topic', 'in', listed(to.topics)),
          ),
        ]),
      ),
    );
}

function singleDevices(db: HubDb, app: string, to: Audience, after: string) {
  return db
    .selectFrom('device_users')
    .select(['user', none])
    .where('app', '=', app)
    .where('user', '>', after)
    .where((eb) => isNamed(eb, app, to));
}

/** The device is named itself, or belongs to a topic. */
const isNamed = (eb: ExpressionBuilder<HubTables, 'device_users'>, app: string, to: Audience) =>
  eb.or([
    eb('device', 'in', listed(to.devices)),
    eb('device', 'in', (of) =>
      of.selectFrom('device_topics').select('device').where('app', '=', app).where('topic', 'in', listed(to.topics)),
    ),
  ]);

async function devicesOf(
  db: HubDb,
  app: string,
  to: Audience,
  users: readonly string[],
): Promise<Map<string, string[]>> {
  const devices = new Map<string, string[]>();
  if (users.length === 0) return devices;
  const rows = await db
    .selectFrom('device_users')
    .select(['user', 'device'])
    .where('app', '=', app)
    .where('user', 'in', users)
    .where((eb) => isNamed(eb, app, to))
    .orderBy('device')
    .execute();
  for (const { user, device } of rows) devices.set(user, [...(devices.get(user) ?? []), device]);
  return devices;
}
