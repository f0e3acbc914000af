import {
  type ApiGroup,
  count,
  error,
  flag,
  guide,
  json,
  type Operation,
  type Parameter,
  record,
  ref,
  text,
} from './api-group.ts';

const time = (description: string) => text(description, { format: 'date-time' });

const event = {
  notif_id: text(''),
  notification: count('Place of the notification within its request.'),
  platform: text(''),
  provider: text(''),
  environment: text('', { enum: ['production', 'development'] }),
  attempt: count('Which attempt it was, from 1.'),
  outcome: text('', { enum: ['delivered', 'failed', 'retried'] }),
  ms: { type: 'number', description: 'How long it took, milliseconds.' },
  session: count('Number of the HTTP/2 session, since the start of the process.'),
  status: { type: 'integer', description: "HTTP status of the provider's answer." },
  reason: text("The provider's word, verbatim."),
  category: text('docs/errors.md.'),
  error: text(''),
  advice: text('What to do about it.'),
  invalid_token: flag('True: the target is dead, delete it.'),
  unregistered_at: time('Since when APNs knows the token as dead.'),
  provider_id: text(''),
  retry_at: time('When it is tried again.'),
  ok: flag('Whether the hook took it.'),
  count: count('How many targets it is about; `targets` names the first ten.'),
  targets: { type: 'array', items: ref('EventTarget') },
};
const happened = {
  at: time(''),
  event: text('', { enum: ['received', 'queued', 'attempt', 'failed', 'late', 'reported'] }),
};

const timeline = record(
  {
    request_id: text(''),
    app: text(''),
    received_at: time(''),
    status: text('', { enum: ['queued', 'retrying', 'delivered', 'failed', 'partly_failed', 'nothing_sent'] }),
    delivered: count('Targets.'),
    failed: count('Targets.'),
    waiting: count('Targets without a final outcome, as far as it is known.'),
    recorded: text('`failures`: deliveries at the first attempt are not recorded.', { enum: ['all', 'failures'] }),
    events: { type: 'array', items: ref('TimelineEvent') },
  },
  {
    trace_id: text('Of the trace, where pushes are traced.'),
    sent_by: text('Whose key or certificate sent it.'),
    targets: count('Of the request, where all of it is recorded.'),
  },
);

const filters: readonly Parameter[] = [
  {
    name: 'status',
    in: 'query',
    description: 'Only these outcomes; absent: delivered and failed.',
    schema: { type: 'string', enum: ['failed', 'delivered', 'retried'] },
    example: 'failed',
  },
  { name: 'app', in: 'query', description: 'Only of this app.', schema: { type: 'string' } },
  {
    name: 'reason',
    in: 'query',
    description: "Only with this word of the provider's.",
    schema: { type: 'string' },
  },
  { name: 'platform', in: 'query', description: 'Only of this platform: `ios`.', schema: { type: 'string' } },
  {
    name: 'id',
    in: 'query',
    description: 'Only those whose request id or `notif_id` holds this text.',
    schema: { type: 'string' },
  },
  {
    name: 'since',
    in: 'query',
    description: 'Only later ones: ISO 8601, or UNIX seconds.',
    schema: { type: 'string' },
    example: '2026-01-01T00:00:00Z',
  },
  {
    name: 'cursor',
    in: 'query',
    description: 'The `next_cursor` of the page before.',
    schema: { type: 'string' },
  },
  {
    name: 'after',
    in: 'query',
    description:
      'The `newer_cursor` of an earlier answer: what came since then, oldest first. Not together with `cursor`.',
    schema: { type: 'string' },
  },
  {
    name: 'limit',
    in: 'query',
    description: 'How many at most.',
    schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
    example: 20,
  },
];

const listing: Operation = {
  operationId: 'pushes',
  summary: 'What became of pushes, newest first',
  parameters: filters,
  responses: {
    200: json('Of the apps that the key may use.', ref('PushPage')),
    400: error('A parameter cannot be read.'),
  },
};

const explanation: Operation = {
  operationId: 'explain',
  summary: 'The timeline of a push',
  description: 'Each attempt with its answer, and what to do about a failure.',
  parameters: [
    {
      name: 'id',
      in: 'path',
      required: true,
      description: 'A `request_id`, or a `notif_id`.',
      schema: { type: 'string', minLength: 1 },
      example: 'order-42',
    },
    {
      name: 'token',
      in: 'query',
      description: 'Only what is about this device token.',
      schema: { type: 'string' },
    },
  ],
  responses: {
    200: json('Newest request first.', ref('Explanation')),
    400: error('A parameter cannot be read.'),
    404: error('Nothing is known of it: `history.retention`, `history.sample`, `history.rate`.'),
  },
};

/** What became of pushes. */
export const historyGroup = (): ApiGroup => ({
  tag: {
    name: 'History',
    description: 'What became of pushes, for as long as `history.retention` says.',
    ...guide('explain', 'What became of a push'),
  },
  paths: { '/v1/pushes': { get: listing }, '/v1/pushes/{id}': { get: explanation } },
  schemas: {
    PushPage: record(
      {
        pushes: { type: 'array', items: ref('ListedPush') },
        newer_cursor: text('For `after`: what is to come is asked for with it.'),
      },
      { next_cursor: text('Where the next page begins; absent on the last.') },
    ),
    ListedPush: record({ ...happened, request_id: text(''), app: text('') }, event),
    Explanation: record(
      { id: text('As it was asked for.'), pushes: { type: 'array', items: ref('PushTimeline') } },
      { truncated: flag('There is more than is shown.') },
    ),
    PushTimeline: timeline,
    TimelineEvent: record(happened, event),
    EventTarget: record(
      {},
      {
        token: text('A device token, masked.'),
        topic: text(''),
        condition: text(''),
        subscription: text('A push subscription of a browser: its push service, and the rest of its endpoint masked.'),
        provider_id: text("The provider's name for its push."),
      },
    ),
  },
});
