import type { People } from '../../hub/people/people.ts';
import { PeopleRefusal } from '../../hub/people/person.ts';
import { JSON_TYPE } from '../../kit/http/answer.ts';
import { actorOf } from './actor.ts';
import type { HubAnswer } from './hub-answer.ts';
import { type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';
import { cursorOf, PAGE_QUERY, pageOf } from './list-page.ts';
import { writePiece } from './write-piece.ts';

export interface UsersRoutesParts {
  readonly people: People;
}

const LIST = 'users';
const PATH = '/v1/users/{user}';

type UserRequest = HubRequest<'user'>;

const notThere = (): PeopleRefusal => new PeopleRefusal('not_found', 'there is no such user');

const changeOf = (request: UserRequest) => ({
  app: request.app,
  id: request.params.user,
  by: actorOf(request),
  expect: (rev: number | undefined) => request.expect(rev),
});

/** `/v1/users`: who there is, how they are reached, and what they have consented to. */
export function usersRoutes({ people }: UsersRoutesParts): readonly HubRoute[] {
  const shown = async ({ app, params: { user } }: UserRequest, status = 200): Promise<HubAnswer> => {
    const person = await people.get(app, user);
    if (!person) throw notThere();
    const [view] = await people.views(app, [person]);
    return { status, body: view, rev: person.rev };
  };
  return [
    hubRoute({
      ...{ method: 'GET', path: '/v1/users', scope: 'users', query: [...PAGE_QUERY, 'team', 'role', 'q'] },
      handle: async ({ app, query }) => {
        const page = pageOf(LIST, ['string'], query);
        const [after] = (page.after ?? []) as [string?];
        const filter = { team: query.text('team'), role: query.text('role'), q: query.text('q') };
        const found = await people.list(app, { ...filter, limit: page.limit, after });
        const users = await people.views(app, found.people);
        const next = found.after === undefined ? {} : { next_cursor: cursorOf(LIST, [found.after]) };
        return { status: 200, body: { users, ...next } };
      },
    }),
    hubRoute({ method: 'GET', path: PATH, scope: 'users', own: 'path', handle: (request) => shown(request) }),
    hubRoute({
      ...{ method: 'PUT', path: PATH, scope: 'users', action: 'user.replace' },
      handle: async (request) => {
        const { created } = await people.put(changeOf(request), request.body);
        return shown(request, created ? 201 : 200);
      },
    }),
    hubRoute({
      ...{ method: 'PATCH', path: PATH, scope: 'users', action: 'user.update' },
      handle: async (request) => {
        await people.patch(changeOf(request), request.body);
        return shown(request);
      },
    }),
    hubRoute({
      ...{ method: 'DELETE', path: PATH, scope: 'users', action: 'user.erase' },
      async handle(request) {
        const { in_flight = 0, ...erased } = await people.erase(changeOf(request));
        return { status: 200, body: { erased, in_flight } };
      },
    }),
    hubRoute({
      ...{ method: 'GET', path: `${PATH}/export`, scope: 'users', action: 'user.export' },
      handle: async ({ app, res, params: { user } }) => {
        const pieces = await people.exportText(app, user);
        if (!pieces) throw notThere();
        for await (const piece of pieces) if (!(await writePiece(res, JSON_TYPE, piece))) break;
        res.end();
        return undefined;
      },
    }),
  ];
}
