import type { NoticeIntake } from '../notifications/notices.ts';
import type { HubDb } from '../storage/storage.ts';
import { aboutIncident } from './incident.ts';

/** Deletes an incident with its timeline, and takes back what has not left of its notices. @returns to be called after the commit */
export async function deleteIncident(
  tx: HubDb,
  notices: Pick<NoticeIntake, 'end'>,
  app: string,
  id: string,
): Promise<() => void> {
  const ended = await notices.end(tx, { app, about: aboutIncident(id), reason: 'cancelled' });
  await tx.deleteFrom('incidents').where('app', '=', app).where('id', '=', id).execute();
  await tx.deleteFrom('incident_entries').where('app', '=', app).where('incident', '=', id).execute();
  await tx.deleteFrom('incident_people').where('app', '=', app).where('incident', '=', id).execute();
  return ended;
}
