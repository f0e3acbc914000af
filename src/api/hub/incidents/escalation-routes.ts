import type { Escalation } from '../../../hub/incidents/escalation/escalation-rows.ts';
import type { Escalations } from '../../../hub/incidents/escalation/escalations.ts';
import { IncidentRefusal } from '../../../hub/incidents/incident.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import { actorOf } from '../actor.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { PAGE_QUERY, pageBody, pageOf } from '../list-page.ts';

export interface EscalationRoutesParts {
  readonly escalations: Escalations;
}

const LIST = 'escalations';
const PATH = '/v1/escalations/{name}';

const escalationView = ({ name, doc, created_at, updated_at }: Escalation) => ({
  ...{ name, ...doc },
  ...{ created_at: isoInstant(created_at), updated_at: isoInstant(updated_at) },
});

const changeOf = (request: HubRequest<'name'>) => ({
  app: request.app,
  name: request.params.name,
  by: actorOf(request),
  expect: (rev: number | undefined) => request.expect(rev),
});

/** `/v1/escalations`: who is called when, while an incident is not in hand. */
export function escalationRoutes({ escalations }: EscalationRoutesParts): readonly HubRoute[] {
  return [
    hubRoute({
      ...{ method: 'GET', path: '/v1/escalations', scope: 'read', query: PAGE_QUERY },
      handle: async ({ app, query }) => {
        const page = pageOf(LIST, ['string'], query);
        const [after = ''] = (page.after ?? []) as [string?];
        const { found, isCut } = await escalations.list({ app, after, limit: page.limit + 1 });
        const { rows, next } = pageBody(LIST, found, page, ({ name }) => [name], isCut);
        return { status: 200, body: { escalations: rows.map(escalationView), ...next } };
      },
    }),
    hubRoute({
      ...{ method: 'GET', path: PATH, scope: 'read' },
      handle: async ({ app, params: { name } }) => {
        const escalation = await escalations.get(app, name);
        if (!escalation) throw new IncidentRefusal('not_found', 'there is no such escalation');
        return { status: 200, body: escalationView(escalation), rev: escalation.rev };
      },
    }),
    hubRoute({
      ...{ method: 'PUT', path: PATH, scope: 'push', action: 'escalation.replace' },
      handle: async (request) => {
        const { escalation, created } = await escalations.put(changeOf(request), request.body);
        return { status: created ? 201 : 200, body: escalationView(escalation), rev: escalation.rev };
      },
    }),
    hubRoute({
      ...{ method: 'DELETE', path: PATH, scope: 'push', action: 'escalation.delete' },
      handle: async (request) => {
        await escalations.remove(changeOf(request));
        return { status: 204 };
      },
    }),
  ];
}
