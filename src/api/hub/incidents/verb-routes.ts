import { faultyIncident } from '../../../hub/incidents/incident.ts';
import type { IncidentChange, IncidentResult } from '../../../hub/incidents/incident-work.ts';
import type { Incidents } from '../../../hub/incidents/incidents.ts';
import { parseEvent } from '../../../hub/incidents/parse-event.ts';
import type { TakenNotice } from '../../../hub/notifications/notices.ts';
import { isObject } from '../../../kit/is-object.ts';
import { isFaulty } from '../../../kit/json/readers.ts';
import { actorOf } from '../actor.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { changedAnswer, incidentChange } from './incident-answer.ts';

export interface VerbRoutesParts {
  readonly incidents: Incidents;
}

const PATH = '/v1/incidents/{id}';

type IncidentRequest = HubRequest<'id'>;

/** Verbs are 200, whatever they came to. */
const verbAnswer = (result: IncidentResult, isOwn: boolean): HubAnswer => ({
  ...changedAnswer(result, isOwn),
  status: 200,
});

const changeOf = (request: IncidentRequest): IncidentChange => ({
  ...incidentChange(request),
  keep: (tx, result) => request.keep(tx, verbAnswer(result, request.person !== undefined)),
});

const noticeAnswer = ({ id, status, recipients }: TakenNotice): HubAnswer => ({
  status: 202,
  body: { id, status, recipients },
});

class VerbRoutes {
  readonly #incidents: Incidents;

  constructor({ incidents }: VerbRoutesParts) {
    this.#incidents = incidents;
  }

  verb =
    (kind: 'acknowledge' | 'resolve') =>
    async (request: IncidentRequest): Promise<HubAnswer> =>
      verbAnswer(await this.#incidents.verb(changeOf(request), kind, request.body), request.person !== undefined);

  readonly escalate = async (request: IncidentRequest): Promise<HubAnswer> =>
    verbAnswer(await this.#incidents.escalate(changeOf(request), request.body), request.person !== undefined);

  readonly event = async (request: HubRequest): Promise<HubAnswer> => {
    const order = parseEvent(request.body);
    if (isFaulty(order)) throw faultyIncident(order);
    const answerOf = (result: IncidentResult): HubAnswer => {
      const answer = verbAnswer(result, false);
      if (!order.isPagerDuty || !isObject(answer.body)) return answer;
      const key = result.incident?.id ?? order.key;
      return { ...answer, body: { status: 'success', message: 'Event processed', dedup_key: key, ...answer.body } };
    };
    const result = await this.#incidents.event(
      {
        ...{ app: request.app, caller: actorOf(request) },
        keep: (tx, made) => request.keep(tx, answerOf(made)),
      },
      order,
    );
    return answerOf(result);
  };

  readonly notify = async (request: IncidentRequest): Promise<HubAnswer> => {
    const taken = await this.#incidents.notify(incidentChange(request), request.body, (tx, notice) =>
      request.keep(tx, noticeAnswer(notice)),
    );
    return noticeAnswer(taken);
  };
}

/** What is done with an incident: verbs, events in PagerDuty's words too, and notices that a back end words itself. */
export function verbRoutes(parts: VerbRoutesParts): readonly HubRoute[] {
  const routes = new VerbRoutes(parts);
  const verb = { method: 'POST', scope: 'push', own: 'own', body: 'maybe' } as const;
  return [
    hubRoute({
      ...{ method: 'POST', path: '/v1/incidents/events', scope: 'push', action: 'incident.event' },
      handle: routes.event,
    }),
    hubRoute({
      ...{ ...verb, path: `${PATH}/acknowledge`, action: 'incident.acknowledge' },
      handle: routes.verb('acknowledge'),
    }),
    hubRoute({ ...verb, path: `${PATH}/resolve`, action: 'incident.resolve', handle: routes.verb('resolve') }),
    hubRoute({ ...verb, path: `${PATH}/escalate`, action: 'incident.escalate', handle: routes.escalate }),
    hubRoute({
      ...{ method: 'POST', path: `${PATH}/notifications`, scope: 'push', action: 'incident.notify' },
      handle: routes.notify,
    }),
  ];
}
