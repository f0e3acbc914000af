import type { HubDb } from '../storage/storage.ts';
import { aboutIncident } from './incident.ts';
import { factsOfIncident, type Incident } from './incident-rows.ts';

/** Whether an incident is a person's: assigned, responsible, in one of its teams, or notified of it. */
export async function isConcerned(db: HubDb, incident: Incident | undefined, user: string): Promise<boolean> {
  if (!incident) return false;
  const { app, id } = incident;
  const { assignees = [], responders = [], teams = [] } = factsOfIncident(incident).doc;
  if (assignees.includes(user) || responders.includes(user)) return true;
  return (await isIn(db, app, teams, user)) || (await wasNotified(db, app, id, user));
}

async function isIn(db: HubDb, app: string, teams: readonly string[], user: string): Promise<boolean> {
  if (teams.length === 0) return false;
  const row = await db
    .selectFrom('user_teams')
    .select('team')
    .where('app', '=', app)
    .where('user', '=', user)
    .where('team', 'in', teams)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function wasNotified(db: HubDb, app: string, incident: string, user: string): Promise<boolean> {
  const row = await db
    .selectFrom('recipients')
    .select('notification')
    .where('app', '=', app)
    .where('user', '=', user)
    .where('notification', 'in', (eb) =>
      eb.selectFrom('notifications').select('id').where('app', '=', app).where('about', '=', aboutIncident(incident)),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
