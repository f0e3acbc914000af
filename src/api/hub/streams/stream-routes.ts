import { personKey } from '../../../hub/streams/person-key.ts';
import { parseDuration } from '../../../kit/duration.ts';
import { JSON_TYPE, sendText } from '../../../kit/http/answer.ts';
import { whenGone } from '../../../kit/http/when-gone.ts';
import { unprocessable } from '../hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { eventJson, resetNotice } from './event-text.ts';
import type { LongPolls, Polled } from './long-polls.ts';
import type { OpenStreams } from './open-streams.ts';
import type { PollPresence } from './poll-presence.ts';
import { SseConnection, sseHead } from './sse-connection.ts';
import { STREAM_QUERY, streamOrder, TICKET_QUERY } from './stream-order.ts';

export interface StreamRoutesParts {
  readonly open: OpenStreams;
  readonly polls: LongPolls;
  readonly pollPresence: PollPresence;
  /** `hub.streams.buffer` */
  readonly buffer: number;
}

type OfUser = HubRequest<'user'>;

const PATH = '/v1/users/{user}/stream';
const MOST_WAIT_MS = 60_000;
const WAIT_MS = 25_000;
const PAGE = 300;
const MOST_PAGE = 1000;

/** The streams of people, live and by asking. */
export const streamRoutes = (parts: StreamRoutesParts): readonly HubRoute[] => [
  hubRoute({
    ...{ method: 'GET', path: PATH, scope: 'users', own: 'path', query: [...STREAM_QUERY, 'data', 'event'] },
    async handle(request) {
      const { req, res, query, params } = request;
      const order = streamOrder(request, request);
      const isBare = query.word('data', ['event', 'payload']) === 'payload';
      const isNameless = query.word('event', ['type', 'message']) === 'message';
      parts.open.admit(request);
      if (req.method === 'HEAD') sseHead(res);
      else
        await parts.open.join(
          new SseConnection({
            ...{ req, res, user: params.user, isBare, isNameless, buffer: parts.buffer },
            isFromNow: order.after === '',
          }),
          order,
        );
      return undefined;
    },
  }),
  hubRoute({
    ...{ method: 'GET', path: `${PATH}/events`, scope: 'users', own: 'path' },
    query: [TICKET_QUERY, 'after', 'limit', 'wait'],
    async handle(request) {
      const limit = request.query.integer('limit', { least: 1, most: MOST_PAGE, byDefault: PAGE });
      const polled = await poll(request, { limit, waitMs: waitOf(request) }, parts);
      sendText(request.res, 200, JSON_TYPE, polledText(polled, request.params.user), { 'Cache-Control': 'no-store' });
      return undefined;
    },
  }),
];

function waitOf({ query }: OfUser): number {
  const given = query.text('wait');
  if (given === undefined) return WAIT_MS;
  const ms = parseDuration(/^\d+(\.\d+)?$/.test(given) ? Number(given) : given);
  if (ms !== undefined && ms >= 0 && ms <= MOST_WAIT_MS) return ms;
  throw unprocessable({ path: 'wait', reason: 'must be a duration of at most 60 s, such as 25 or "25s"' });
}

async function poll(
  request: OfUser,
  asked: { readonly limit: number; readonly waitMs: number },
  { open, polls, pollPresence }: StreamRoutesParts,
): Promise<Polled> {
  const { req, res, query, params, app } = request;
  const key = personKey(app, params.user);
  const leave = open.occupy(request, key);
  const gone = new AbortController();
  whenGone(req, res, () => gone.abort());
  try {
    const over = await pollPresence.begin(key);
    try {
      return await polls.poll({ ...asked, key, after: query.text('after') ?? '', gone: gone.signal });
    } finally {
      over();
    }
  } finally {
    leave();
  }
}

function polledText({ events, reset, position }: Polled, user: string): string {
  const all = events.map((event) => eventJson(event, user)).join(',');
  const told = reset ? `,"reset":${JSON.stringify(resetNotice(reset).payload)}` : '';
  return `{"events":[${all}],"last_event_id":"${position}"${told}}`;
}
