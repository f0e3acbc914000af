import type { TakenNotice } from '../../notifications/notices.ts';
import type { Actor, IncidentEvent } from '../incident.ts';
import type { IncidentChanges, IncidentFacts } from '../state/changes.ts';

export const entryKinds = ['change', 'notification', 'decision', 'acknowledgement', 'escalation', 'sla'] as const;
export type EntryKind = (typeof entryKinds)[number];

/** A line of a timeline, but for its time. What is absent has no meaning for its kind. */
export interface TimelineEntry {
  readonly kind: EntryKind;
  /** Who did it; `hub`: it happened by itself. */
  readonly by: string;
  /** One sentence, without names of people. */
  readonly text: string;
  readonly event?: string;
  /** Fields that were changed. */
  readonly changed?: readonly string[];
  /** Whom it is about. */
  readonly users?: readonly string[];
  readonly notification?: string;
  readonly recipients?: Omit<TakenNotice['recipients'], 'ids'>;
  /** Ids that a notification was for, and that belong to no one. */
  readonly unknown_user?: readonly string[];
  readonly escalation?: string;
  /** From 1, and in which round, from 1. */
  readonly step?: number;
  readonly round?: number;
  readonly sla?: string;
  readonly deadline?: string;
}

/** Fields whose values are shown. */
const SHORT = ['severity', 'status', 'service'] as const;

function valueIn({ doc, status }: IncidentFacts, name: (typeof SHORT)[number]): string {
  const value = name === 'status' ? status.word : doc[name];
  return value ?? 'none';
}

/** `severity from SEV-2 to SEV-1, title` */
export const fieldWords = (before: IncidentFacts, after: IncidentFacts, fields: readonly string[]): string =>
  fields
    .map((name) => {
      const short = SHORT.find((each) => each === name);
      return short ? `${name} from ${valueIn(before, short)} to ${valueIn(after, short)}` : name;
    })
    .join(', ');

/** The lines of a change, in the order of what happened. */
export function entriesOf(
  before: IncidentFacts | undefined,
  after: IncidentFacts,
  { events, fields, isReopened, newAssignees }: IncidentChanges,
  { cycle, actor }: { readonly cycle: number; readonly actor: Actor },
): TimelineEntry[] {
  const by = actor.name;
  const own = events.map((event): TimelineEntry => {
    switch (event) {
      case 'incident.created':
        return { kind: 'change', by, event, text: isReopened ? `Opened again: cycle ${cycle}.` : 'Opened.' };
      case 'incident.assigned':
        return { kind: 'change', by, event, text: 'Assigned.', users: newAssignees };
      case 'incident.acknowledged':
        return { kind: 'acknowledgement', by, event, text: 'Acknowledged.' };
      case 'incident.resolved':
        return { kind: 'change', by, event, text: 'Resolved.' };
      default:
        return { kind: 'change', by, event, text: changedText(before, after, fields), changed: fields };
    }
  });
  // Who is responsible, and until when, is in the timeline without being an event.
  const isQuiet = before !== undefined && fields.length > 0 && !events.includes('incident.updated');
  const quiet = fields.filter((name) => name !== 'status' && !(name === 'assignees' && newAssignees.length > 0));
  if (isQuiet && quiet.length > 0)
    own.unshift({ kind: 'change', by, text: changedText(before, after, quiet), changed: quiet });
  return own;
}

const changedText = (before: IncidentFacts | undefined, after: IncidentFacts, fields: readonly string[]): string =>
  `Changed ${before ? fieldWords(before, after, fields) : fields.join(', ')}.`;

/** The line of a notice that was taken. */
export function noticeEntry(event: string, { id, recipients }: TakenNotice): TimelineEntry {
  const { ids, ...counts } = recipients;
  const { total, queued, held, unknown } = counts;
  const how = [`${queued} at once`, ...(held > 0 ? [`${held} later`] : [])].join(', ');
  return {
    kind: 'notification',
    by: 'hub',
    event,
    notification: id,
    text: `${event} goes to ${how}, of ${total}${unknown > 0 ? `; ${unknown} unknown_user` : ''}.`,
    recipients: counts,
    ...(ids.unknown.length > 0 ? { unknown_user: ids.unknown } : {}),
  };
}

/** The line of an event that is for no one. */
export const unheardEntry = (event: IncidentEvent, why: string): TimelineEntry => ({
  kind: 'notification',
  by: 'hub',
  event,
  text: `${event} goes to no one: ${why}.`,
});

/** Everyone whom a line names. */
export const namedInEntry = ({ users = [], unknown_user = [] }: TimelineEntry): readonly string[] => [
  ...users,
  ...unknown_user,
];
