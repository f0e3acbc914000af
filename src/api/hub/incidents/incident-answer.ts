import { incidentView, ownIncidentView } from '../../../hub/incidents/incident-view.ts';
import type { IncidentChange, IncidentResult } from '../../../hub/incidents/incident-work.ts';
import { actorOf } from '../actor.ts';
import type { HubAnswer } from '../hub-answer.ts';
import type { HubRequest } from '../hub-route.ts';

/** What a change is answered with. @param isOwn by the token of a person */
export function changedAnswer(
  { incident, created, changed, notified, reason }: IncidentResult,
  isOwn = false,
): HubAnswer {
  const shown = incident && (isOwn ? ownIncidentView(incident) : incidentView(incident));
  return {
    status: created ? 201 : 200,
    body: { ...(shown ? { incident: shown } : {}), changed, notified, ...(reason ? { reason } : {}) },
    ...(incident ? { rev: incident.rev } : {}),
  };
}

/** Who changes which incident. */
export const incidentChange = (request: HubRequest<'id'>): IncidentChange => ({
  app: request.app,
  id: request.params.id,
  caller: actorOf(request),
  person: request.person,
});
