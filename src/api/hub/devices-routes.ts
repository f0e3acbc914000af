import type { Devices, RegisteredDevice } from '../../hub/devices/devices.ts';
import type { Removals } from '../../hub/devices/removals.ts';
import { PeopleRefusal } from '../../hub/people/person.ts';
import { isObject } from '../../kit/is-object.ts';
import { isoInstant } from '../../kit/time/instant.ts';
import { actorOf } from './actor.ts';
import type { HubAnswer } from './hub-answer.ts';
import { HubRefusal } from './hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';
import { PAGE_QUERY, pageBody, pageOf } from './list-page.ts';

export interface DevicesRoutesParts {
  readonly devices: Devices;
  readonly removals: Pick<Removals, 'resume' | 'pauseOf'>;
}

const LIST = 'devices';
const PATH = '/v1/devices/{device}';

const notThere = (): PeopleRefusal => new PeopleRefusal('not_found', 'there is no such device');

/** With the token of a person the device is that person's, and no one else may be named. */
function bodyOf({ body, person }: HubRequest, isPatch = false): unknown {
  if (person === undefined || !isObject(body)) return body;
  const named = body.users ?? (body.user === null ? [] : body.user === undefined ? undefined : [body.user]);
  if (named !== undefined && !(Array.isArray(named) && named.every((user) => user === person)))
    throw new HubRefusal('forbidden', 'the token of a person registers devices of that person');
  if (named === undefined && !isPatch) return { ...body, user: person };
  return body;
}

const answerOf = ({ view, device, created, moved, rotated, removed }: RegisteredDevice): HubAnswer => ({
  status: created ? 201 : 200,
  body: {
    ...view,
    ...(created ? { created } : {}),
    ...(moved ? { moved } : {}),
    ...(rotated ? { rotated } : {}),
    ...(removed.length > 0 ? { removed } : {}),
  },
  rev: device.rev,
});

/** `/v1/devices`: whose a device is, and by what it is reached. Tokens come in, and are never shown. */
export function devicesRoutes({ devices, removals }: DevicesRoutesParts): readonly HubRoute[] {
  const changeOf = (request: HubRequest) => ({
    app: request.app,
    by: actorOf(request),
    person: request.person,
    expect: (rev: number | undefined) => request.expect(rev),
  });
  return [
    hubRoute({
      ...{ method: 'POST', path: '/v1/devices', scope: 'users', own: 'own', action: 'device.register' },
      handle: async (request) =>
        answerOf(
          await devices.post(
            { ...changeOf(request), also: (tx, result) => request.keep(tx, answerOf(result)) },
            bodyOf(request),
          ),
        ),
    }),
    hubRoute({
      ...{
        method: 'POST',
        path: '/v1/devices/resume-removals',
        scope: 'users',
        body: 'none',
        action: 'devices.resume',
      },
      handle: async (request) => ({
        status: 200,
        body: { removed: await removals.resume(request.app, actorOf(request)) },
      }),
    }),
    hubRoute({
      ...{ method: 'GET', path: '/v1/devices/removals', scope: 'users' },
      handle: async ({ app }) => {
        const pause = await removals.pauseOf(app);
        return { status: 200, body: pause ? { paused: true, until: isoInstant(pause.until) } : { paused: false } };
      },
    }),
    hubRoute({
      ...{ method: 'GET', path: PATH, scope: 'users', own: 'own' },
      handle: async ({ app, person, params: { device } }) => {
        const known = await devices.view(app, device, person);
        if (!known) throw notThere();
        return { status: 200, body: known.body, rev: known.rev };
      },
    }),
    hubRoute({
      ...{ method: 'PUT', path: PATH, scope: 'users', own: 'own', action: 'device.register' },
      handle: async (request) => answerOf(await devices.put(changeOf(request), request.params.device, bodyOf(request))),
    }),
    hubRoute({
      ...{ method: 'PATCH', path: PATH, scope: 'users', own: 'own', action: 'device.update' },
      handle: async (request) =>
        answerOf(await devices.patch(changeOf(request), request.params.device, bodyOf(request, true))),
    }),
    hubRoute({
      ...{ method: 'DELETE', path: PATH, scope: 'users', own: 'own', action: 'device.delete' },
      handle: async (request) => {
        await devices.delete(changeOf(request), request.params.device);
        return { status: 204 };
      },
    }),
    hubRoute({
      ...{ method: 'GET', path: '/v1/users/{user}/devices', scope: 'users', own: 'path', query: PAGE_QUERY },
      handle: async ({ app, query, params: { user } }) => {
        const page = pageOf(LIST, ['string'], query);
        const [after] = (page.after ?? []) as [string?];
        const rows = await devices.list(app, user, { limit: page.limit + 1, after });
        const { rows: shown, next } = pageBody(LIST, rows, page, ({ id }) => [id]);
        return { status: 200, body: { devices: shown, ...next } };
      },
    }),
  ];
}
