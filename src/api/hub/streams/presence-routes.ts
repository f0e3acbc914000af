import { personKey } from '../../../hub/streams/person-key.ts';
import { isFaulty, readBody, shape, wordOf } from '../../../kit/json/readers.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { Presence, PresenceView } from '../../../streams/presence/presence.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { unprocessable } from '../hub-refusal.ts';
import { type HubRoute, hubRoute } from '../hub-route.ts';

export interface PresenceRoutesParts {
  readonly presence: Pick<Presence, 'say' | 'look'>;
  /** `hub.streams.lease` */
  readonly leaseMs: number;
}

const PATH = '/v1/users/{user}/presence';
const NOWHERE: PresenceView = { online: false, state: 'offline', instances: [] };

const stateDoc = shape({ state: wordOf(['active', 'idle', 'offline']) });

/** Who is there: what a person's own client says, and what is known. */
export function presenceRoutes({ presence, leaseMs }: PresenceRoutesParts): readonly HubRoute[] {
  const shown = async (app: string, user: string): Promise<HubAnswer> => {
    const key = personKey(app, user);
    const view = (await presence.look([key])).get(key) ?? NOWHERE;
    return { status: 200, body: presenceView(user, view) };
  };
  return [
    hubRoute({
      ...{ method: 'GET', path: PATH, scope: 'users', own: 'path' },
      handle: ({ app, params: { user } }) => shown(app, user),
    }),
    hubRoute({
      ...{ method: 'PUT', path: PATH, scope: 'users', own: 'path' },
      async handle({ app, params: { user }, body }) {
        const read = readBody(stateDoc, body);
        if (isFaulty(read)) throw unprocessable(...read);
        if (read.state === undefined) throw unprocessable({ path: 'state', reason: 'is missing' });
        await presence.say(personKey(app, user), read.state, leaseMs);
        return shown(app, user);
      },
    }),
  ];
}

const presenceView = (user: string, { online, state, instances, lastActiveAt }: PresenceView): object => ({
  ...{ user, online, state },
  connections: instances.reduce((sum, { connections }) => sum + connections, 0),
  instances: instances.map(({ instance, connections }) => ({ id: instance, connections })),
  last_active_at: lastActiveAt === undefined ? null : isoInstant(lastActiveAt),
});
