import { IncidentRefusal } from '../../../hub/incidents/incident.ts';
import { incidentView } from '../../../hub/incidents/incident-view.ts';
import type { Incidents } from '../../../hub/incidents/incidents.ts';
import {
  TIMELINE_BEGIN,
  type TimelinePlace,
  timelinePage,
  type WordsOfDecision,
} from '../../../hub/incidents/timeline/timeline-view.ts';
import type { HubStore } from '../../../hub/storage/storage.ts';
import { placeInCursor } from '../../../hub/words/place.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { cursorOf, PAGE_QUERY, pageBody, pageOf } from '../list-page.ts';
import { changedAnswer, incidentChange } from './incident-answer.ts';

export interface IncidentRoutesParts {
  readonly store: Pick<HubStore, 'db' | 'seal'>;
  readonly incidents: Incidents;
  readonly wordsOf: WordsOfDecision;
}

const LIST = 'incidents';
const ENTRIES = 'entries';
const LISTED_BY = [...PAGE_QUERY, 'status', 'severity', 'service', 'user'];
const PATH = '/v1/incidents/{id}';

type IncidentRequest = HubRequest<'id'>;

const notThere = (): IncidentRefusal => new IncidentRefusal('not_found', 'there is no such incident');

class IncidentRoutes {
  readonly #parts: IncidentRoutesParts;

  constructor(parts: IncidentRoutesParts) {
    this.#parts = parts;
  }

  readonly list = async ({ app, query }: HubRequest): Promise<HubAnswer> => {
    const page = pageOf(LIST, ['number', 'string'], query);
    const [place, id] = (page.after ?? []) as [number?, string?];
    const { found, isCut } = await this.#parts.incidents.list({
      app,
      ...{ status: query.text('status'), severity: query.text('severity') },
      ...{ service: query.text('service'), user: query.text('user') },
      before: place === undefined || id === undefined ? undefined : { place: placeInCursor(place), id },
      limit: page.limit + 1,
    });
    const { rows, next } = pageBody(LIST, found, page, (incident) => [incident.place, incident.id], isCut);
    return { status: 200, body: { incidents: rows.map(incidentView), ...next } };
  };

  readonly read = async ({ app, params: { id } }: IncidentRequest): Promise<HubAnswer> => {
    const incident = await this.#parts.incidents.get(app, id);
    if (!incident) throw notThere();
    return { status: 200, body: incidentView(incident), rev: incident.rev };
  };

  readonly put = async (request: IncidentRequest): Promise<HubAnswer> => {
    const change = { ...incidentChange(request), expect: (rev: number | undefined) => request.expect(rev) };
    return changedAnswer(await this.#parts.incidents.put(change, request.body));
  };

  readonly remove = async (request: IncidentRequest): Promise<HubAnswer> => {
    const change = { ...incidentChange(request), expect: (rev: number | undefined) => request.expect(rev) };
    await this.#parts.incidents.remove(change);
    return { status: 204 };
  };

  readonly timeline = async ({ app, params: { id }, query }: IncidentRequest): Promise<HubAnswer> => {
    const { store, incidents, wordsOf } = this.#parts;
    const page = pageOf(ENTRIES, ['number', 'number', 'string', 'string', 'number', 'string', 'string'], query);
    if (!(await incidents.get(app, id))) throw notThere();
    const after = (page.after as TimelinePlace | undefined) ?? TIMELINE_BEGIN;
    const { lines, next } = await timelinePage(store, { app, incident: id, limit: page.limit, after }, wordsOf);
    return {
      status: 200,
      body: { entries: lines, ...(next ? { next_cursor: cursorOf(ENTRIES, next) } : {}) },
    };
  };
}

/** `/v1/incidents`: what goes wrong, who has it in hand, and who heard of it. */
export function incidentRoutes(parts: IncidentRoutesParts): readonly HubRoute[] {
  const routes = new IncidentRoutes(parts);
  return [
    hubRoute({ method: 'GET', path: '/v1/incidents', scope: 'read', query: LISTED_BY, handle: routes.list }),
    hubRoute({ method: 'GET', path: PATH, scope: 'read', handle: routes.read }),
    hubRoute({ method: 'PUT', path: PATH, scope: 'push', action: 'incident.replace', handle: routes.put }),
    hubRoute({ method: 'DELETE', path: PATH, scope: 'push', action: 'incident.delete', handle: routes.remove }),
    hubRoute({ method: 'GET', path: `${PATH}/timeline`, scope: 'read', query: PAGE_QUERY, handle: routes.timeline }),
  ];
}
