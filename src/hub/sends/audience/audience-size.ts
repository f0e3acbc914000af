import type { HubDb } from '../../storage/storage.ts';
import type { Audience } from './audience.ts';
import { isNamed, listed } from './audience-rows.ts';

/** How many people a notification is for, without those who are not known. */
export async function audienceSize(db: HubDb, app: string, to: Audience): Promise<number> {
  const people = to.everyone ? everyone(db, app) : named(db, app, to);
  const row = await db
    .selectFrom(people.as('person'))
    .select((eb) => eb.fn.count<number>('person.user').as('size'))
    .$if(to.except.length > 0, (query) => query.where('person.user', 'not in', to.except))
    .executeTakeFirstOrThrow();
  return Number(row.size);
}

const everyone = (db: HubDb, app: string) => db.selectFrom('users').select('id as user').where('app', '=', app);

/** A UNION has each once. */
const named = (db: HubDb, app: string, { users, teams, roles, topics, ...to }: Audience) =>
  everyone(db, app)
    .where('id', 'in', listed(users))
    .union(db.selectFrom('user_teams').select('user').where('app', '=', app).where('team', 'in', listed(teams)))
    .union(db.selectFrom('user_roles').select('user').where('app', '=', app).where('role', 'in', listed(roles)))
    .union(db.selectFrom('topic_users').select('user').where('app', '=', app).where('topic', 'in', listed(topics)))
    .union(
      db
        .selectFrom('device_users')
        .select('user')
        .where('app', '=', app)
        .where((eb) => isNamed(eb, app, { users, teams, roles, topics, ...to })),
    );
