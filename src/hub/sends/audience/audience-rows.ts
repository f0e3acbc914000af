/** Ids of people by what a notification names, each by the index that it has. */
import type { ExpressionBuilder } from 'kysely';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import type { Audience } from './audience.ts';

interface Page {
  readonly app: string;
  readonly after: string;
  readonly limit: number;
}

/** Named ones. */
interface Named extends Page {
  readonly ids: readonly string[];
}

export interface Ids {
  readonly app: string;
  readonly ids: readonly string[];
}

export const knownPeople = prepared((db, { app, ids }: Ids) =>
  db.selectFrom('users').select('id').where('app', '=', app).where('id', 'in', ids),
);

export const knownDevices = prepared((db, { app, ids }: Ids) =>
  db.selectFrom('device_users').select('device as id').where('app', '=', app).where('device', 'in', ids),
);

/** Whose devices these are. */
export const ownersOfDevices = prepared((db, { app, ids }: Ids) =>
  db.selectFrom('device_users').select('user as id').distinct().where('app', '=', app).where('device', 'in', ids),
);

export const everyoneAfter = prepared((db, { app, after, limit }: Page) =>
  db.selectFrom('users').select('id').where('app', '=', app).where('id', '>', after).orderBy('id').limit(limit),
);

/** Where people stand beside what they are in or have, and the column of that. */
const MEMBERS = { user_teams: 'team', user_roles: 'role', topic_users: 'topic', device_users: 'device' } as const;

const membersIn = (table: keyof typeof MEMBERS) =>
  prepared((db, { app, after, limit, ids }: Named) =>
    db
      // One query for four tables: to the types it is the first of them.
      .selectFrom(table as 'user_teams')
      .select('user as id')
      .distinct()
      .where('app', '=', app)
      .where(MEMBERS[table] as 'team', 'in', ids)
      .where('user', '>', after)
      .orderBy('user')
      .limit(limit),
  );

export const ofTeams = membersIn('user_teams');
export const ofRoles = membersIn('user_roles');
export const ofTopics = membersIn('topic_users');
export const ofDevices = membersIn('device_users');

/** Whose devices have a topic of their own. */
export const ofDeviceTopics = prepared((db, { app, after, limit, ids }: Named) =>
  db
    .selectFrom('device_topics')
    .innerJoin('device_users', (join) =>
      join
        .onRef('device_users.app', '=', 'device_topics.app')
        .onRef('device_users.device', '=', 'device_topics.device'),
    )
    .select('device_users.user as id')
    .distinct()
    .where('device_topics.app', '=', app)
    .where('device_topics.topic', 'in', ids)
    .where('device_users.user', '>', after)
    .orderBy('device_users.user')
    .limit(limit),
);

/** `id in ()` is no SQL. */
export const listed = (ids: readonly string[]): readonly string[] => (ids.length === 0 ? [''] : ids);

/** The device is named itself, or belongs to a topic. */
export const isNamed = (eb: ExpressionBuilder<HubTables, 'device_users'>, app: string, to: Audience) =>
  eb.or([
    eb('device', 'in', listed(to.devices)),
    eb('device', 'in', (of) =>
      of.selectFrom('device_topics').select('device').where('app', '=', app).where('topic', 'in', listed(to.topics)),
    ),
  ]);

/** By which devices these people are meant. */
export const namedDevices = (db: HubDb, app: string, to: Audience, users: readonly string[]) =>
  db
    .selectFrom('device_users')
    .select(['user', 'device'])
    .where('app', '=', app)
    .where('user', 'in', users)
    .where((eb) => isNamed(eb, app, to))
    .orderBy('device')
    .execute();
