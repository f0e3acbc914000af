/** What is different after something was said of an incident, and which events that makes. */
import { isDeepStrictEqual } from 'node:util';
import type { IncidentDoc, IncidentEvent, IncidentField } from '../incident.ts';
import type { IncidentStatus } from './status-log.ts';
import { incidentFields } from './timed-fields.ts';

/** An incident as it is at one moment. */
export interface IncidentFacts {
  readonly doc: IncidentDoc;
  readonly status: IncidentStatus;
}

export interface IncidentChanges {
  /** In the order in which people hear of them. */
  readonly events: readonly IncidentEvent[];
  /** Fields that are different, `status` among them; of a new incident and of a new cycle none. */
  readonly fields: readonly (IncidentField | 'status')[];
  /** It was resolved, and is not any more. */
  readonly isReopened: boolean;
  readonly newAssignees: readonly string[];
}

/** Fields of which people hear; the others say who hears, and when. */
const TOLD: ReadonlySet<string> = new Set<IncidentField | 'status'>([
  'title',
  'summary',
  'severity',
  'status',
  'service',
  'url',
  'data',
]);

const NONE: readonly string[] = [];

/** @param before undefined: it was not there */
export function changesBetween(before: IncidentFacts | undefined, after: IncidentFacts): IncidentChanges {
  const isReopened = before?.status.phase === 'resolved' && after.status.phase !== 'resolved';
  if (!before || isReopened)
    return { events: ['incident.created', ...reached(after.status)], fields: [], isReopened, newAssignees: [] };
  const fields = differentFields(before, after);
  const known = before.doc.assignees ?? NONE;
  const newAssignees = (after.doc.assignees ?? NONE).filter((user) => !known.includes(user));
  const moved = before.status.phase !== after.status.phase ? reached(after.status) : [];
  const isTold = fields.some((name) => TOLD.has(name) && !(name === 'status' && moved.length > 0));
  return {
    events: [
      ...(isTold ? (['incident.updated'] as const) : []),
      ...(newAssignees.length > 0 ? (['incident.assigned'] as const) : []),
      ...moved,
    ],
    ...{ fields, isReopened, newAssignees },
  };
}

const differentFields = (before: IncidentFacts, after: IncidentFacts): (IncidentField | 'status')[] => [
  ...incidentFields.filter((name) => !isDeepStrictEqual(before.doc[name], after.doc[name])),
  ...(before.status.word === after.status.word && before.status.phase === after.status.phase
    ? []
    : (['status'] as const)),
];

/** The event of a phase that was come to; an open incident has none of its own. */
const reached = ({ phase }: IncidentStatus): readonly IncidentEvent[] =>
  phase === 'open' ? [] : phase === 'acknowledged' ? ['incident.acknowledged'] : ['incident.resolved'];
