import type { StreamTickets } from '../../../hub/streams/stream-tickets.ts';
import { isObject } from '../../../kit/is-object.ts';
import { unknownFields } from '../../../kit/json/unknown-fields.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import { unprocessable } from '../hub-refusal.ts';
import { type HubRoute, hubRoute } from '../hub-route.ts';

export interface TicketRoutesParts {
  readonly tickets: Pick<StreamTickets, 'issue'>;
}

/** Tickets with which browsers open streams. */
export const ticketRoutes = ({ tickets }: TicketRoutesParts): readonly HubRoute[] => [
  hubRoute({
    ...{
      method: 'POST',
      path: '/v1/users/{user}/stream-tickets',
      scope: 'users',
      own: 'path',
      body: 'maybe',
      action: 'user.stream_ticket',
    },
    async handle({ app, params: { user }, principal, body }) {
      if (body !== undefined) mustBeEmpty(body);
      const { ticket, expiresAt } = await tickets.issue(app, user, principal?.expiresAt);
      const headers = { 'Cache-Control': 'no-store' };
      return { status: 201, body: { ticket, expires_at: isoInstant(expiresAt) }, headers };
    },
  }),
];

function mustBeEmpty(body: unknown): void {
  if (!isObject(body)) throw unprocessable({ path: '', reason: 'must be an object' });
  const unknown = unknownFields(body, []);
  if (unknown.length > 0) throw unprocessable(...unknown);
}
