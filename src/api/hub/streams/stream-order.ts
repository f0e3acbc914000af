import { personKey } from '../../../hub/streams/person-key.ts';
import { unprocessable } from '../hub-refusal.ts';
import type { HubRequest } from '../hub-route.ts';
import type { StreamOrder } from './open-stream.ts';

/** Read at the door: who asks for a stream. */
export const TICKET_QUERY = 'ticket';

/** Parameters of every stream. */
export const STREAM_QUERY = [TICKET_QUERY, 'last_event_id', 'client_id'];

const CLIENT = /^[^\p{C}]{1,128}$/u;

type Asked = Pick<HubRequest<'user'>, 'req' | 'query' | 'params'>;

/** The header counts, and an empty one counts as absent (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
function placeOf({ req, query }: Asked): string {
  const header = req.headers['last-event-id'];
  const given = Array.isArray(header) ? header[0] : header;
  return given || (query.text('last_event_id') ?? '');
}

/** What a request for a stream asks for. @throws HubRefusal for what cannot be meant */
export function streamOrder(asked: Asked, { app, principal }: Pick<HubRequest, 'app' | 'principal'>): StreamOrder {
  const client = asked.query.text('client_id');
  if (client !== undefined && !CLIENT.test(client))
    throw unprocessable({ path: 'client_id', reason: 'must be 1 to 128 printable characters' });
  const { user } = asked.params;
  return { app, user, key: personKey(app, user), after: placeOf(asked), client, endsAt: principal?.expiresAt };
}
