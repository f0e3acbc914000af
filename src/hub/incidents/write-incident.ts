import { auditChanges } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { namedInSteps } from './escalation/escalation-doc.ts';
import type { Actor } from './incident.ts';
import { factsOfIncident, type Incident, namedIn, notePeople, saveIncident } from './incident-rows.ts';
import { namedInEntry, type TimelineEntry } from './timeline/timeline-entry.ts';
import { addEntries } from './timeline/timeline-rows.ts';

export interface Writing {
  /** As it is now, but for its lines. */
  readonly incident: Incident;
  /** New lines of its timeline. */
  readonly lines: readonly TimelineEntry[];
  readonly actor: Actor;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Writes an incident with new lines of its timeline, and who is named in them. */
export async function writeIncident(
  tx: HubDb,
  store: Pick<HubStore, 'engine' | 'seal'>,
  { incident, lines, actor, now }: Writing,
): Promise<Incident> {
  const { app, id, places } = incident;
  await addEntries(tx, store, { app, incident: id, places, now }, lines);
  const written = { ...incident, places: places + lines.length };
  await saveIncident(tx, store.seal, written);
  const { doc } = factsOfIncident(incident);
  await notePeople(tx, app, id, [
    ...namedIn(doc),
    ...(incident.run ? namedInSteps(incident.run.doc) : []),
    ...lines.flatMap(namedInEntry),
    ...(actor.isNamed ? [actor.name] : []),
  ]);
  return written;
}

export interface IncidentAudit {
  readonly app: string;
  readonly id: string;
  readonly action: 'created' | 'changed' | 'escalated';
  readonly by: string;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Notes a change that a caller made. */
export const auditIncident = (
  tx: HubDb,
  { seal }: Pick<HubStore, 'seal'>,
  { app, id, action, by, now }: IncidentAudit,
): Promise<void> =>
  auditChanges(tx, seal, [{ app, at: now, by, action: `incident.${action}`, target: `incident:${id}` }]);
