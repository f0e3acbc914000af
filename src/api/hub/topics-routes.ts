import type { Topics } from '../../hub/people/topics.ts';
import { actorOf } from './actor.ts';
import { type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';
import { PAGE_QUERY, pageBody, pageOf } from './list-page.ts';

export interface TopicsRoutesParts {
  readonly topics: Topics;
}

const LIST = 'topic';
const PATH = '/v1/topics/{topic}/users/{user}';

/** `/v1/topics`: sets of people; what is sent to a topic goes to each of them. */
export function topicsRoutes({ topics }: TopicsRoutesParts): readonly HubRoute[] {
  const changeOf = (request: HubRequest<'topic' | 'user'>) => ({
    app: request.app,
    ...request.params,
    by: actorOf(request),
  });
  return [
    hubRoute({
      ...{ method: 'PUT', path: PATH, scope: 'users', body: 'none', action: 'topic.join' },
      handle: async (request) => {
        const created = await topics.add(changeOf(request));
        const { topic, user } = request.params;
        return { status: created ? 201 : 200, body: { topic, user } };
      },
    }),
    hubRoute({
      ...{ method: 'DELETE', path: PATH, scope: 'users', action: 'topic.leave' },
      handle: async (request) => {
        await topics.remove(changeOf(request));
        return { status: 204 };
      },
    }),
    hubRoute({
      ...{ method: 'GET', path: '/v1/topics/{topic}', scope: 'users', query: PAGE_QUERY },
      handle: async ({ app, query, params: { topic } }) => {
        const page = pageOf(LIST, ['string'], query);
        const [after] = (page.after ?? []) as [string?];
        const rows = await topics.users(app, topic, { limit: page.limit + 1, after });
        const { rows: users, next } = pageBody(LIST, rows, page, (user) => [user]);
        return { status: 200, body: { topic, users, ...next } };
      },
    }),
  ];
}
