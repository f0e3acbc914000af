import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, error, guide, json, type Parameter, plain, record, ref, text } from '../api-group.ts';
import { hubOperation, instant, jsonBody, USER } from './hub-parts.ts';

const query = (name: string, description: string, schema: JsonSchema, example?: string): Parameter => ({
  ...{ name, in: 'query', description, schema },
  ...(example === undefined ? {} : { example }),
});

const anyJson: JsonSchema = { description: 'Any JSON, at most 256 KiB.' };
const TICKET = query('ticket', 'Instead of a key or token: `POST …/stream-tickets`.', { type: 'string' });
/** Also where no key is asked for. */
const TICKET_REFUSED = error('The ticket was used, has expired, or is for another stream.');
const CLIENT = query(
  'client_id',
  "Which of the person's clients it is: at most five streams of one, the oldest ends.",
  {
    ...{ type: 'string', minLength: 1, maxLength: 128 },
  },
);
const PLACES =
  'An id of an event: what came after it comes first; `earliest`: all that is kept; absent: what is published from now on.';
const ID: JsonSchema = { type: 'string', pattern: '^[0-9a-z]{1,20}\\.[0-9]{16}$', description: '`<epoch>.<offset>`' };

const eventFields = {
  payload: anyJson,
  timestamp: instant('When it happened; absent: now.'),
  id: text('Your own id of it: what was published under it before, and is kept, is not published again.', {
    minLength: 1,
    maxLength: 256,
  }),
};
const type = text('1 to 128 printable characters; not `reset`, `bye`, `reauth`, `error`.', {
  minLength: 1,
  maxLength: 128,
});

const published = record(
  {
    id: {
      type: ['string', 'null'],
      description: '`<epoch>.<offset>`; null: it was dropped, as the person is not there.',
    },
    type: text(''),
    user_id: text(''),
    timestamp: instant(''),
  },
  { dropped: { type: 'boolean' } },
);

const live: ApiGroup['paths'] = {
  '/v1/users/{user}/stream': {
    get: hubOperation({
      operationId: 'openStream',
      summary: "A person's events, live, as server-sent events",
      description:
        'The answer does not end. Ids strictly rise; who comes back with the last one has all that came after it, each once. See docs/hub/streams.md.',
      'x-endless': true,
      parameters: [
        USER,
        { name: 'Last-Event-ID', in: 'header', description: PLACES, schema: { type: 'string' } },
        query('last_event_id', `The same, where no header can be sent. ${PLACES}`, { type: 'string' }),
        TICKET,
        CLIENT,
        query('data', '`payload`: `data:` is the payload alone.', { type: 'string', enum: ['event', 'payload'] }),
        query('event', '`message`: no `event:` line, so that `onmessage` has all events.', {
          ...{ type: 'string', enum: ['type', 'message'] },
        }),
      ],
      responses: {
        401: TICKET_REFUSED,
        200: {
          ...plain('A stream of events.', 'text/event-stream'),
          headers: {
            'Martlet-Last-Event-ID': {
              description: 'The id after which the stream goes on; another than was asked for: a `reset` comes first.',
              schema: ID,
            },
          },
        },
      },
    }),
  },
  '/v1/users/{user}/stream/ws': {
    get: hubOperation({
      operationId: 'openStreamSocket',
      summary: "A person's events over a WebSocket, with acknowledgements and presence the other way",
      description:
        'Each event is a text of JSON. Without a key, a token or a ticket the first frame must be `{"token": …}` within ten seconds. See docs/hub/streams.md.',
      'x-endless': true,
      parameters: [USER, query('last_event_id', PLACES, { type: 'string' }), TICKET, CLIENT],
      responses: {
        101: { description: 'It is a WebSocket from now on.' },
        401: TICKET_REFUSED,
        426: error('The request is not for a WebSocket of version 13 over HTTP/1.1.'),
      },
    }),
  },
  '/v1/users/{user}/stream/events': {
    get: hubOperation({
      operationId: 'pollStream',
      summary: "A person's events, by asking: the answer comes when there is one, or after `wait`",
      parameters: [
        USER,
        query('after', PLACES, { type: 'string' }, 'earliest'),
        query('wait', 'A duration of at most 60 s.', { type: 'string', default: '25' }, '0'),
        query('limit', 'How many at most.', { type: 'integer', minimum: 1, maximum: 1000, default: 300 }),
        TICKET,
      ],
      responses: {
        200: json('What there is; go on with `last_event_id`.', ref('StreamPage')),
        401: TICKET_REFUSED,
      },
    }),
  },
  '/v1/users/{user}/stream-tickets': {
    post: hubOperation({
      operationId: 'createStreamTicket',
      summary: "A ticket for one stream: a browser's EventSource sends no headers",
      description: 'It opens one stream of this person, once, within a minute.',
      takes: ['key', 'body'],
      parameters: [USER],
      requestBody: jsonBody(
        { type: 'object', additionalProperties: false },
        { any: { summary: 'Nothing is asked', value: {}, 'x-status': 201 } },
        false,
      ),
      responses: { 201: json('The ticket.', record({ ticket: text('For `?ticket=`.'), expires_at: instant('') })) },
    }),
  },
};

const publishing: ApiGroup['paths'] = {
  '/v1/users/{user}/events': {
    post: hubOperation({
      operationId: 'publishEvents',
      summary: "Publishes an event, or up to 1,000, to a person's stream",
      takes: ['key', 'body'],
      parameters: [USER],
      requestBody: jsonBody(
        { oneOf: [ref('NewEvent'), { type: 'array', minItems: 1, maxItems: 1000, items: ref('NewEvent') }] },
        {
          one: {
            summary: 'One event',
            value: { type: 'mailbox.message.received', payload: { message_id: 'm-1' } },
            'x-status': 201,
          },
        },
      ),
      responses: {
        201: json('It can be read from now on.', {
          anyOf: [published, record({ events: { type: 'array', items: published } })],
        }),
      },
    }),
  },
  '/v1/events': {
    post: hubOperation({
      operationId: 'publishToMany',
      summary: 'Publishes an event to the streams of many people, or of everyone',
      takes: ['key', 'body'],
      requestBody: jsonBody(ref('EventForMany'), {
        two: {
          summary: 'For two people',
          value: { users: ['ada', 'bob'], type: 'maintenance', payload: { at: '20:00' } },
          'x-status': 202,
        },
      }),
      responses: {
        202: json(
          'How many have it, or will have it shortly (`everyone`), and who does not.',
          record({
            accepted: { type: 'integer' },
            failed: { type: 'array', items: record({ user: text(''), message: text('') }) },
          }),
        ),
      },
    }),
  },
};

const presence: ApiGroup['paths'] = {
  '/v1/users/{user}/presence': {
    get: hubOperation({
      operationId: 'readPresence',
      summary: 'Whether a person is there',
      parameters: [USER],
      responses: { 200: json('What is known.', ref('Presence')) },
    }),
    put: hubOperation({
      operationId: 'sayPresence',
      summary: "What the person's client says of it, for 30 s (`hub.streams.lease`)",
      takes: ['body'],
      parameters: [USER],
      requestBody: jsonBody(
        {
          ...record({ state: text('', { enum: ['active', 'idle', 'offline'] }) }),
          additionalProperties: false,
        },
        { idle: { summary: 'The page is in the background', value: { state: 'idle' } } },
      ),
      responses: { 200: json('What is known.', ref('Presence')) },
    }),
  },
};

/** Live streams of people, and presence. */
export const streamsGroup = (): ApiGroup => ({
  tag: {
    name: 'Streams',
    description:
      'What happens to a person, live: notifications, and whatever back ends publish. Kept for a week, so that no one who comes back has missed anything.',
    ...guide('hub/streams', 'Live streams and presence'),
  },
  paths: { ...live, ...publishing, ...presence },
  schemas: {
    NewEvent: { ...record({ type }, eventFields), additionalProperties: false },
    EventForMany: {
      ...record(
        { type },
        {
          ...eventFields,
          users: {
            type: 'array',
            items: { type: 'string', minLength: 1, maxLength: 256 },
            maxItems: 10_000,
            description: 'Their copies of the payload may have 16 MiB together.',
          },
          everyone: { type: 'boolean', description: 'Every person of the app, instead of `users`.' },
        },
      ),
      additionalProperties: false,
    },
    StreamEvent: record({
      id: ID,
      type: text(''),
      user_id: text(''),
      payload: anyJson,
      timestamp: text('ISO 8601, as it was published.'),
    }),
    StreamPage: record(
      {
        events: { type: 'array', items: ref('StreamEvent') },
        last_event_id: { ...ID, description: '`after` of the next question.' },
      },
      {
        reset: record({
          reason: text('', { enum: ['malformed', 'unknown_epoch', 'foreign', 'future', 'trimmed'] }),
          oldest: { type: ['string', 'null'] },
          latest: { type: ['string', 'null'] },
        }),
      },
    ),
    Presence: record({
      user: text(''),
      online: { type: 'boolean', description: 'A stream is open, or the client says so.' },
      state: text('', { enum: ['active', 'idle', 'offline'] }),
      connections: { type: 'integer' },
      instances: { type: 'array', items: record({ id: text(''), connections: { type: 'integer' } }) },
      last_active_at: { type: ['string', 'null'], format: 'date-time' },
    }),
  },
});
