/** People inside incidents: in lists, as those who did something, in notices. */

import type { NoticeIntake } from '../notifications/notices.ts';
import type { NotificationDoc } from '../notifications/notification-doc.ts';
import type { HubDb, HubSeal, Row } from '../storage/storage.ts';
import { readable, SPOILT, spoiltOr } from '../storage/unreadable.ts';
import { withoutActor } from '../words/notice-text.ts';
import { stepsWithout } from './escalation/escalation-doc.ts';
import { aboutIncident, ERASED } from './incident.ts';
import { factsOfIncident, type Incident, loadIncident, saveIncident } from './incident-rows.ts';
import type { IncidentStatus, Moment, StatusLog } from './state/status-log.ts';
import type { TimedFields } from './state/timed-fields.ts';
import type { TimelineEntry } from './timeline/timeline-entry.ts';
import { openEntry, sealEntry } from './timeline/timeline-rows.ts';

export interface ErasingParts {
  readonly seal: HubSeal;
  readonly notices: Pick<NoticeIntake, 'forget'>;
}

/** @returns how many incidents named the person */
export async function eraseFromIncidents(
  tx: HubDb,
  { seal, notices }: ErasingParts,
  app: string,
  user: string,
): Promise<number> {
  const ids = await incidentsOf(tx, app, user);
  for (const id of ids) {
    const incident = await spoiltOr(loadIncident(tx, seal, app, id));
    // Whom it names cannot be seen: nothing of it is left.
    if (incident === SPOILT) await tx.deleteFrom('incidents').where('app', '=', app).where('id', '=', id).execute();
    else if (incident) await saveIncident(tx, seal, withoutPerson(incident, user));
    await eraseFromTimeline(tx, seal, app, id, user);
    await notices.forget(tx, { app, about: aboutIncident(id), user, told: (doc) => toldWithout(doc, user) });
  }
  await tx.deleteFrom('incident_people').where('app', '=', app).where('user', '=', user).execute();
  return ids.length;
}

async function incidentsOf(db: HubDb, app: string, user: string): Promise<string[]> {
  const rows = await db
    .selectFrom('incident_people')
    .select('incident')
    .where('app', '=', app)
    .where('user', '=', user)
    .execute();
  return rows.map(({ incident }) => incident);
}

/** Incidents that are a person's, for an export. */
export async function exportIncidents(db: HubDb, seal: HubSeal, app: string, user: string): Promise<object[]> {
  const ids = await incidentsOf(db, app, user);
  const found = await Promise.all(ids.map((id) => spoiltOr(loadIncident(db, seal, app, id))));
  return found.flatMap((incident) => {
    if (incident === SPOILT || !incident) return [];
    const { doc, status } = factsOfIncident(incident);
    const isIn = (list: readonly string[] = []): boolean => list.includes(user);
    const { acknowledged, resolved } = status;
    return [
      {
        ...{ id: incident.id, title: doc.title ?? incident.id, status: status.word },
        ...{ assigned: isIn(doc.assignees), responder: isIn(doc.responders) },
        ...{ acknowledged: acknowledged?.by === user, resolved: resolved?.by === user },
      },
    ];
  });
}

const unnamed = (by: string, user: string): string => (by === user ? ERASED : by);

function withoutPerson({ fields, log, run, ...incident }: Incident, user: string): Incident {
  return {
    ...{ ...incident, fields: fieldsWithout(fields, user), log: logWithout(log, user), rev: incident.rev + 1 },
    ...(run ? { run: { ...run, doc: stepsWithout(run.doc, user) } } : {}),
  };
}

function fieldsWithout(fields: TimedFields, user: string): TimedFields {
  const without = (name: 'assignees' | 'responders'): TimedFields => {
    const field = fields[name];
    if (!Array.isArray(field?.value)) return {};
    const left = field.value.filter((id) => id !== user);
    return { [name]: { at: field.at, ...(left.length > 0 ? { value: left } : {}) } };
  };
  return { ...fields, ...without('assignees'), ...without('responders') };
}

function logWithout({ base, marks }: StatusLog, user: string): StatusLog {
  const moment = (each: Moment): Moment => ({ ...each, by: unnamed(each.by, user) });
  const status = ({ opened, acknowledged, resolved, ...rest }: IncidentStatus): IncidentStatus => ({
    ...rest,
    opened: moment(opened),
    ...(acknowledged ? { acknowledged: moment(acknowledged) } : {}),
    ...(resolved ? { resolved: moment(resolved) } : {}),
  });
  return {
    ...(base ? { base: { ...base, status: status(base.status) } } : {}),
    marks: marks.map((mark) => ({ ...mark, by: unnamed(mark.by, user) })),
  };
}

async function eraseFromTimeline(tx: HubDb, seal: HubSeal, app: string, incident: string, user: string): Promise<void> {
  const rows: Row<'incident_entries'>[] = await tx
    .selectFrom('incident_entries')
    .selectAll()
    .where('app', '=', app)
    .where('incident', '=', incident)
    .execute();
  for (const row of rows) {
    const entry = readable(() => openEntry(seal, row));
    if (!entry) await deleteEntry(tx, row);
    if (!entry || !speaksOf(entry, user)) continue;
    await tx
      .updateTable('incident_entries')
      .set({ doc: sealEntry(seal, row, entryWithout(entry, user)) })
      .where('app', '=', app)
      .where('incident', '=', incident)
      .where('place', '=', row.place)
      .execute();
  }
}

const deleteEntry = (tx: HubDb, { app, incident, place }: Row<'incident_entries'>) =>
  tx
    .deleteFrom('incident_entries')
    .where('app', '=', app)
    .where('incident', '=', incident)
    .where('place', '=', place)
    .execute();

const speaksOf = ({ by, users = [], unknown_user: unknown = [] }: TimelineEntry, user: string): boolean =>
  by === user || users.includes(user) || unknown.includes(user);

function entryWithout({ users, unknown_user: unknown, ...entry }: TimelineEntry, user: string): TimelineEntry {
  const without = (list: readonly string[]): string[] => list.filter((id) => id !== user);
  return {
    ...{ ...entry, by: unnamed(entry.by, user) },
    ...(users ? { users: without(users) } : {}),
    ...(unknown ? { unknown_user: without(unknown) } : {}),
  };
}

/** What a notice says without the one who did it. */
function toldWithout(doc: NotificationDoc, user: string): NotificationDoc {
  if (doc.data?.by !== user) return doc;
  const { message, data, ...rest } = doc;
  return {
    ...{ ...rest, data: { ...data, by: ERASED } },
    ...(message === undefined ? {} : { message: withoutActor(message, user) }),
  };
}
