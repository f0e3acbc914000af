import type { NoticeIntake } from '../notifications/notices.ts';
import type { HubDb } from '../storage/storage.ts';
import { aboutIncident } from './incident.ts';
import type { Incident } from './incident-rows.ts';
import { moveTimers } from './timers.ts';

/** Deletes an incident with its timeline, and takes back what has not left of its notices. @returns to be called after the commit */
export async function deleteIncident(
  tx: HubDb,
  notices: Pick<NoticeIntake, 'end'>,
  incident: Incident | Pick<Incident, 'app' | 'id'>,
): Promise<() => void> {
  const { app, id } = incident;
  // The timers of one that cannot be read find nothing when they are due.
  if ('log' in incident) await moveTimers(tx, incident, undefined);
  const ended = await notices.end(tx, { app, about: aboutIncident(id), reason: 'cancelled' });
  await tx.deleteFrom('incidents').where('app', '=', app).where('id', '=', id).execute();
  await tx.deleteFrom('incident_entries').where('app', '=', app).where('incident', '=', id).execute();
  await tx.deleteFrom('incident_people').where('app', '=', app).where('incident', '=', id).execute();
  return ended;
}
