import type { People } from '../../hub/people/people.ts';
import { type DeviceSettings, effectiveSettings, personZone } from '../../hub/settings/settings.ts';
import type { KeptSettings, SettingsBook } from '../../hub/settings/settings-book.ts';
import { parseSnooze } from '../../hub/settings/snooze.ts';
import { isoInstant } from '../../kit/time/instant.ts';
import { actorOf } from './actor.ts';
import type { HubAnswer } from './hub-answer.ts';
import { unprocessable } from './hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';

export interface SettingsRoutesParts {
  readonly settings: SettingsBook;
  readonly people: Pick<People, 'get'>;
  /** `hub.defaults` and `hub.timezone` of an app. */
  readonly defaultsOf: (app: string) => { readonly settings: DeviceSettings; readonly timezone: string };
  /** UNIX milliseconds. */
  readonly now: () => number;
}

type UserRequest = HubRequest<'user'>;

/** What a person has set: the document, the zone of the person's clock and where that is from, and a snooze that lasts. */
async function shown(
  { people, defaultsOf, now }: SettingsRoutesParts,
  { app, params: { user } }: UserRequest,
  { doc, snooze, rev }: KeptSettings,
): Promise<HubAnswer> {
  const person = await people.get(app, user);
  const defaults = defaultsOf(app);
  const zone = personZone(effectiveSettings(defaults.settings, doc), {
    user: person?.timezone,
    hub: defaults.timezone,
  });
  const lasting = snooze && snooze.until > now() ? snooze : undefined;
  return {
    status: 200,
    body: {
      ...doc,
      ...zone,
      ...(lasting ? { snoozed_until: isoInstant(lasting.until), snooze_on_end: lasting.on_end } : {}),
    },
    ...(rev === 0 ? {} : { rev }),
  };
}

const changeOf = (request: UserRequest) => ({
  app: request.app,
  user: request.params.user,
  by: actorOf(request),
  expect: (rev: number | undefined) => request.expect(rev),
});

/** `/v1/users/{user}/settings` and `/v1/users/{user}/snooze`. */
export function settingsRoutes(parts: SettingsRoutesParts): readonly HubRoute[] {
  const { settings, now } = parts;
  const path = '/v1/users/{user}/settings';
  return [
    hubRoute({
      ...{ method: 'GET', path, scope: 'users', own: 'path' },
      handle: async (request) => shown(parts, request, await settings.get(request.app, request.params.user)),
    }),
    hubRoute({
      ...{ method: 'PUT', path, scope: 'users', own: 'path', action: 'settings.replace' },
      handle: async (request) => {
        const kept = await settings.put(changeOf(request), request.body);
        return { ...(await shown(parts, request, kept)), status: kept.rev === 1 ? 201 : 200 };
      },
    }),
    hubRoute({
      ...{ method: 'PATCH', path, scope: 'users', own: 'path', action: 'settings.update' },
      handle: async (request) => shown(parts, request, await settings.patch(changeOf(request), request.body)),
    }),
    hubRoute({
      ...{ method: 'POST', path: '/v1/users/{user}/snooze', scope: 'users', own: 'path', action: 'settings.snooze' },
      handle: async (request) => {
        const snooze = parseSnooze(request.body, now());
        if (!('until' in snooze)) throw unprocessable(...snooze);
        return shown(parts, request, await settings.snooze(withoutExpect(request), snooze));
      },
    }),
    hubRoute({
      ...{ method: 'DELETE', path: '/v1/users/{user}/snooze', scope: 'users', own: 'path', action: 'settings.wake' },
      handle: async (request) => shown(parts, request, await settings.wake(withoutExpect(request))),
    }),
  ];
}

const withoutExpect = (request: UserRequest) => ({ ...changeOf(request), expect: undefined });
