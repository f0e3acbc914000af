/** Who hears of an event, and whether it is worth telling. */
import type { RecipientsDoc } from '../../notifications/recipients-doc.ts';
import { severityRank } from '../../words/severity.ts';
import type { Actor, IncidentDoc, IncidentEvent } from '../incident.ts';
import type { IncidentFacts } from '../state/changes.ts';

export interface TellingOf {
  readonly event: IncidentEvent;
  readonly doc: IncidentDoc;
  readonly newAssignees: readonly string[];
  readonly actor: Actor;
  /** `hub.incidents.except_actor` */
  readonly exceptActor: boolean;
}

const NONE: readonly string[] = [];

/** Everyone whose incident it is; undefined: no one is named. */
export function peopleOf({
  assignees = NONE,
  responders = NONE,
  teams = NONE,
}: IncidentDoc): RecipientsDoc | undefined {
  const users = [...new Set([...assignees, ...responders])];
  if (users.length === 0 && teams.length === 0) return undefined;
  return { ...(users.length > 0 ? { users } : {}), ...(teams.length > 0 ? { teams } : {}) };
}

const without = (to: RecipientsDoc | undefined, except: readonly string[]): RecipientsDoc | undefined =>
  to && except.length > 0 ? { ...to, except } : to;

/** Whom an event is for; undefined: no one. An escalation has people of its own. */
export function toldOf({ event, doc, newAssignees, actor, exceptActor }: TellingOf): RecipientsDoc | undefined {
  switch (event) {
    case 'incident.assigned':
      return { users: newAssignees };
    case 'incident.updated':
      // They hear that it is theirs now, with all that it is.
      return without(peopleOf(doc), newAssignees);
    case 'incident.acknowledged':
    case 'incident.resolved':
      return without(peopleOf(doc), exceptActor && actor.isNamed ? [actor.name] : []);
    default:
      return peopleOf(doc);
  }
}

function rises(before: string | undefined, after: string | undefined): boolean {
  const rank = after === undefined ? undefined : severityRank(after);
  if (rank === undefined) return false;
  const known = before === undefined ? undefined : severityRank(before);
  return known === undefined || rank < known;
}

/**
 * Whether people hear of an event. One who has it in hand is not disturbed by its changes unless it gets worse; of one that came
 * resolved it is not told first that it began.
 */
export function isTold(event: IncidentEvent, before: IncidentFacts | undefined, after: IncidentFacts): boolean {
  if (event === 'incident.created') return after.status.phase !== 'resolved';
  const isInHand = before?.status.phase === 'acknowledged' && after.status.phase === 'acknowledged';
  return !(event === 'incident.updated' && isInHand) || rises(before?.doc.severity, after.doc.severity);
}
