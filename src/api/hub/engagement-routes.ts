import { parseEngagements } from '../../hub/sends/engagements/engagement-doc.ts';
import type { Engagements } from '../../hub/sends/engagements/engagements.ts';
import { HubRefusal, unprocessable } from './hub-refusal.ts';
import { type HubRoute, hubRoute } from './hub-route.ts';

export interface EngagementRoutesParts {
  readonly engagements: Engagements;
}

/** `POST /v1/engagements`: what people do with what they were sent. */
export const engagementRoutes = ({ engagements }: EngagementRoutesParts): readonly HubRoute[] => [
  hubRoute({
    ...{ method: 'POST', path: '/v1/engagements', scope: 'users', own: 'own' },
    async handle({ app, body, person, keep }) {
      const read = parseEngagements(body);
      if ('faults' in read) throw unprocessable(...read.faults);
      if (person !== undefined && read.engagements.some(({ user }) => user !== undefined && user !== person))
        throw new HubRefusal('forbidden', 'the token of a person tells of that person alone');
      if (person === undefined) mustSayWhose(read.engagements, Array.isArray(body));
      const counted = await engagements.record({
        ...{ app, person, engagements: read.engagements },
        keep: (tx, result) => keep(tx, { status: 200, body: result }),
      });
      return { status: 200, body: counted };
    },
  }),
];

/** @throws HubRefusal for one of which it cannot be said whose it is */
function mustSayWhose(all: readonly { readonly user?: string; readonly device?: string }[], isList: boolean): void {
  const faults = all.flatMap(({ user, device }, index) =>
    user === undefined && device === undefined
      ? [{ path: isList ? `[${index}].user` : 'user', reason: 'is missing: user or device says whose it is' }]
      : [],
  );
  if (faults.length > 0) throw unprocessable(...faults);
}
