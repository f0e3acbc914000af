import type { HubDb } from '../../storage/storage.ts';
import type { Audience } from './audience.ts';
import { knownPeople, listed, ownersOfDevices } from './audience-rows.ts';

/** Ids a query: all lists of an audience together have more than either engine takes as parameters. */
const AT_ONCE = 500;

/** How many people a notification is for, without those who are not known. */
export async function audienceSize(db: HubDb, app: string, to: Audience): Promise<number> {
  const except = [...new Set(to.except)];
  if (to.everyone) return (await countAll(db, app)) - (await knownOf(db, app, except)).size;
  const named = await knownOf(db, app, to.users);
  for (const user of await inParts(to.devices, (ids) => ownersOfDevices(db, { app, ids }))) named.add(user);
  const members = await inParts([...named], (ids) => membersAmong(db, app, to, ids));
  const alone = named.difference(members);
  const left = await inParts(except, (ids) => membersAmong(db, app, to, ids));
  const excepted = except.filter((user) => alone.has(user)).length + left.size;
  return (await countMembers(db, app, to)) + alone.size - excepted;
}

async function inParts(
  ids: readonly string[],
  find: (some: string[]) => Promise<readonly { id: string }[]>,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += AT_ONCE)
    for (const { id } of await find(ids.slice(at, at + AT_ONCE))) found.add(id);
  return found;
}

const knownOf = (db: HubDb, app: string, ids: readonly string[]): Promise<Set<string>> =>
  inParts(ids, (some) => knownPeople(db, { app, ids: some }));

async function countAll(db: HubDb, app: string): Promise<number> {
  const { size } = await db
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('size'))
    .where('app', '=', app)
    .executeTakeFirstOrThrow();
  return Number(size);
}

type Groups = Pick<Audience, 'teams' | 'roles' | 'topics'>;

/** Those who are meant by what they belong to; a UNION has each once. */
const membersOf = (db: HubDb, app: string, { teams, roles, topics }: Groups) =>
  db
    .selectFrom('user_teams')
    .select('user as id')
    .where('app', '=', app)
    .where('team', 'in', listed(teams))
    .union(db.selectFrom('user_roles').select('user as id').where('app', '=', app).where('role', 'in', listed(roles)))
    .union(
      db.selectFrom('topic_users').select('user as id').where('app', '=', app).where('topic', 'in', listed(topics)),
    )
    .union(
      db
        .selectFrom('device_topics')
        .innerJoin('device_users', (join) =>
          join
            .onRef('device_users.app', '=', 'device_topics.app')
            .onRef('device_users.device', '=', 'device_topics.device'),
        )
        .select('device_users.user as id')
        .where('device_topics.app', '=', app)
        .where('device_topics.topic', 'in', listed(topics)),
    );

const hasGroups = ({ teams, roles, topics }: Groups): boolean => teams.length + roles.length + topics.length > 0;

async function countMembers(db: HubDb, app: string, to: Groups): Promise<number> {
  if (!hasGroups(to)) return 0;
  const { size } = await db
    .selectFrom(membersOf(db, app, to).as('member'))
    .select((eb) => eb.fn.countAll<number>().as('size'))
    .executeTakeFirstOrThrow();
  return Number(size);
}

const membersAmong = async (db: HubDb, app: string, to: Groups, ids: readonly string[]): Promise<{ id: string }[]> =>
  hasGroups(to)
    ? db
        .selectFrom(membersOf(db, app, to).as('member'))
        .select('member.id')
        .where('member.id', 'in', ids)
        .execute()
    : [];
