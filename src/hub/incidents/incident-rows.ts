import type { RowPage } from '../storage/row-page.ts';
import type { HubDb, HubSeal, NewRow, Row } from '../storage/storage.ts';
import { readablePage } from '../storage/unreadable.ts';
import { placeAfter } from '../words/place.ts';
import type { EscalationRun } from './escalation/escalation-run.ts';
import type { IncidentDoc } from './incident.ts';
import type { SlaProgress } from './sla/sla-times.ts';
import type { IncidentFacts } from './state/changes.ts';
import { type IncidentStatus, lastMarkAt, type StatusLog, statusOf } from './state/status-log.ts';
import { docOf, lastFieldAt, type TimedFields } from './state/timed-fields.ts';

/** What is kept of an incident, sealed. */
export interface IncidentState {
  readonly fields: TimedFields;
  readonly log: StatusLog;
  /** Lines of the timeline so far. */
  readonly places: number;
  /** Absent: it has had no escalation. */
  readonly run?: EscalationRun;
  /** Absent: nothing is to be done by a time. */
  readonly sla?: SlaProgress;
  /** When people were called by hand last, UNIX milliseconds. */
  readonly called?: number;
}

/** An incident as it is kept. */
export interface Incident extends IncidentState {
  readonly app: string;
  readonly id: string;
  /** Counts how often it was opened, from 1. */
  readonly cycle: number;
  readonly rev: number;
  /** Rises in the order in which incidents of the app began; 0: it begins now. */
  readonly place: number;
  /** UNIX milliseconds. */
  readonly created_at: number;
  readonly updated_at: number;
}

export const factsOfIncident = ({ fields, log }: IncidentState): IncidentFacts => ({
  doc: docOf(fields),
  // What is kept has been said at least once.
  status: statusOf(log) as IncidentStatus,
});

/** The latest time that anything was said of it, UNIX milliseconds. */
export const lastSaidAt = ({ fields, log }: IncidentState): number =>
  Math.max(lastFieldAt(fields) ?? 0, lastMarkAt(log) ?? 0);

const boundTo = (app: string, id: string): string => `incident:${JSON.stringify([app, id])}`;

export function openIncident(seal: HubSeal, row: Row<'incidents'>): Incident {
  const { app, id, cycle, rev, place, created_at, updated_at } = row;
  const state = JSON.parse(seal.open(row.state, boundTo(app, id))) as IncidentState;
  return { ...state, app, id, cycle, rev, place, created_at, updated_at };
}

function incidentRow(seal: HubSeal, incident: Incident): NewRow<'incidents'> {
  const { app, id, cycle, rev, place, created_at, updated_at, ...state } = incident;
  const { doc, status } = factsOfIncident(state);
  return {
    ...{ app, id, cycle, rev, place, created_at, updated_at },
    ...{ status: status.word, phase: status.phase, severity: doc.severity ?? null, service: doc.service ?? null },
    state: seal.seal(JSON.stringify(state), boundTo(app, id)),
  };
}

export async function loadIncident(db: HubDb, seal: HubSeal, app: string, id: string): Promise<Incident | undefined> {
  const row = await db
    .selectFrom('incidents')
    .selectAll()
    .where('app', '=', app)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && openIncident(seal, row);
}

/** Behind all that are there. */
async function nextPlace(tx: HubDb, { app, created_at }: Incident): Promise<number> {
  const last = await tx
    .selectFrom('incidents')
    .select('place')
    .where('app', '=', app)
    .orderBy('place', 'desc')
    .limit(1)
    .executeTakeFirst();
  return placeAfter(last?.place ?? 0, created_at);
}

/** Writes an incident as it is now. */
export async function saveIncident(tx: HubDb, seal: HubSeal, incident: Incident): Promise<void> {
  const place = incident.place > 0 ? incident.place : await nextPlace(tx, incident);
  const row = incidentRow(seal, { ...incident, place });
  await tx
    .insertInto('incidents')
    .values(row)
    .onConflict((conflict) => conflict.columns(['app', 'id']).doUpdateSet(row))
    .execute();
}

/** Notes who is named in it, so that an erasure finds it. */
export async function notePeople(tx: HubDb, app: string, incident: string, users: Iterable<string>): Promise<void> {
  const rows = [...new Set(users)].map((user) => ({ app, incident, user }));
  if (rows.length === 0) return;
  await tx
    .insertInto('incident_people')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** People that a document names. */
export const namedIn = ({ assignees = [], responders = [] }: IncidentDoc): string[] => [...assignees, ...responders];

export interface IncidentsBefore {
  readonly place: number;
  readonly id: string;
}

export interface IncidentsQuery {
  readonly app: string;
  readonly status?: string | undefined;
  readonly severity?: string | undefined;
  readonly service?: string | undefined;
  /** Named in it. */
  readonly user?: string | undefined;
  readonly before?: IncidentsBefore | undefined;
  readonly limit: number;
}

/** Newest first; those that can be read. */
export function listIncidents(db: HubDb, seal: HubSeal, asked: IncidentsQuery): Promise<RowPage<Incident>> {
  const { app, user, before, limit } = asked;
  let query = db.selectFrom('incidents').selectAll().where('app', '=', app);
  for (const name of ['status', 'severity', 'service'] as const) {
    const value = asked[name];
    if (value !== undefined) query = query.where(name, '=', value);
  }
  if (user !== undefined)
    query = query.where('id', 'in', (eb) =>
      eb.selectFrom('incident_people').select('incident').where('app', '=', app).where('user', '=', user),
    );
  const page = (last: Row<'incidents'> | undefined, count: number): Promise<Row<'incidents'>[]> => {
    const from = last ?? before;
    const behind = from
      ? query.where((eb) =>
          eb.or([eb('place', '<', from.place), eb.and([eb('place', '=', from.place), eb('id', '<', from.id)])]),
        )
      : query;
    return behind.orderBy('place', 'desc').orderBy('id', 'desc').limit(count).execute();
  };
  return readablePage(
    limit,
    page,
    ({ state }) => state,
    (row) => openIncident(seal, row),
  );
}
