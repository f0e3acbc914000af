import { byWords } from '../../words/notice-text.ts';
import type { Actor, IncidentEvent } from '../incident.ts';
import type { IncidentChanges, IncidentFacts } from '../state/changes.ts';
import { fieldWords } from '../timeline/timeline-entry.ts';

/** `SEV-1, open, payments` */
const stateWords = ({ doc, status }: IncidentFacts): string =>
  [doc.severity, status.word, doc.service].filter((word) => word !== undefined).join(', ');

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** What a notice of a change says below the incident's title. */
export function changeMessage(
  event: IncidentEvent,
  before: IncidentFacts | undefined,
  after: IncidentFacts,
  { fields }: IncidentChanges,
  actor: Actor,
): string {
  switch (event) {
    case 'incident.created':
      return after.doc.summary ?? stateWords(after);
    case 'incident.assigned':
      return `Assigned to you: ${stateWords(after)}.`;
    case 'incident.acknowledged':
      return byWords('Acknowledged', actor);
    case 'incident.resolved':
      return byWords('Resolved', actor);
    default:
      return `${capital(before ? fieldWords(before, after, fields) : fields.join(', '))}.`;
  }
}
