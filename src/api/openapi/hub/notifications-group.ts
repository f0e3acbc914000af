import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, count, flag, guide, json, record, ref, text } from '../api-group.ts';
import { anyObject, hubOperation, idParameter, instant, jsonBody, texts } from './hub-parts.ts';

const ID = idParameter('id', 'Id of the notification.', 'n1');

const recipients = record(
  {
    total: count(''),
    queued: count(''),
    held: count(''),
    suppressed: count(''),
    no_channel: count(''),
    unknown: count(''),
  },
  {
    undecided: count('Of a send to very many: those that were not looked at yet.'),
    ids: {
      ...anyObject('Up to 100 ids each.'),
      properties: { suppressed: texts(), no_channel: texts(), unknown: texts() },
    },
  },
);

const decision = record(
  {
    hop: count('From 1.'),
    channel: text(''),
    state: text(''),
    words: text('A sentence that can be read out.'),
    at: instant(),
    attempts: count(''),
  },
  {
    ...{ device: text(''), reason: text('Of a closed set, or the word of the provider.'), category: text('') },
    ...{ until: instant('When it is asked again, or goes.'), provider_id: text(''), advice: text('') },
    push_id: text('Request id of the push that carried it: `GET /v1/pushes/{id}` tells what became of that.'),
  },
);

const people: JsonSchema = {
  type: 'array',
  items: record({ user: text(''), decisions: { type: 'array', items: ref('Decision') } }),
};

const summary = {
  id: text(''),
  type: text(''),
  status: text('`scheduled`, `pending`, `done`, `cancelled`, `expired`, `unreachable`.'),
  priority: text(''),
};

const kept = { ...summary, created_at: instant(), recipients: ref('RecipientTotals') };
const perhaps = { done_at: instant(), cancel_key: text(''), collapse_key: text('') };

const order: JsonSchema = {
  ...record(
    {
      to: anyObject('`users`, `teams`, `roles`, `topics`, `devices`, `everyone`, without `except`: each person once.'),
    },
    {
      ...{
        id: text('Own id: the same again is answered as the first time.'),
        type: text(''),
        title: text(''),
        message: text(''),
      },
      ...{ url: text(''), image: text(''), priority: text('`low`, `medium`, `high`, `critical`.'), severity: text('') },
      ...{
        status: text(''),
        data: anyObject(),
        channels: texts(),
        mode: text(''),
        plan: { type: 'array', items: anyObject() },
      },
      ...{
        category: text(''),
        actions: { type: 'array', items: anyObject() },
        collapse_key: text(''),
        thread: text(''),
      },
      ...{ cancel_key: text(''), expires_at: instant(), send_at: text(''), timezone: text(''), locales: anyObject() },
      ...{ overrides: anyObject(), digest: anyObject(), confidential: { type: 'boolean' }, redact: anyObject() },
    },
  ),
  additionalProperties: false,
};

const example = { type: 'news', title: 'Hello', message: 'from the hub', to: { users: ['ada'] } };
const cancelled = json('In decisions.', record({ cancelled: count(''), left: count('Those that had left.') }));

const paths: ApiGroup['paths'] = {
  '/v1/notifications': {
    post: hubOperation({
      operationId: 'sendNotification',
      summary: 'Sends to people',
      takes: ['key', 'body'],
      requestBody: jsonBody(ref('NotificationOrder'), {
        one: { summary: 'To one person', value: example, 'x-status': 202 },
      }),
      responses: {
        202: json(
          'It is in the store.',
          record({ id: text(''), status: summary.status, recipients: ref('RecipientTotals') }),
        ),
        409: json('There is another notification with this id.', ref('Error')),
      },
    }),
    get: hubOperation({
      operationId: 'listNotifications',
      summary: 'Newest first',
      takes: ['page'],
      parameters: ['status', 'type', 'user'].map((name) => ({
        ...{ name, in: 'query' as const, description: `Of this ${name} only.`, schema: { type: 'string' } },
      })),
      responses: {
        200: json(
          'A page.',
          record({ notifications: { type: 'array', items: ref('NotificationSummary') } }, { next_cursor: text('') }),
        ),
      },
    }),
    delete: hubOperation({
      operationId: 'cancelNotifications',
      summary: 'Takes back what has not left of those with a cancel key',
      parameters: [
        {
          name: 'cancel_key',
          in: 'query',
          required: true,
          description: '',
          schema: { type: 'string' },
          example: 'order-7',
        },
      ],
      responses: { 200: cancelled },
    }),
  },
  '/v1/notifications/preview': {
    post: hubOperation({
      operationId: 'previewNotification',
      summary: 'Decides everything and sends nothing',
      description:
        'The body of a send, and `at` (the instant that it decides by) and `presence` (`active`, `idle`, `offline` by person).',
      takes: ['key', 'body'],
      requestBody: jsonBody(anyObject(), { one: { summary: 'To one person', value: example } }),
      responses: {
        200: json(
          'What would be decided.',
          record({ ...summary, id: { type: 'null' }, recipients: ref('RecipientTotals'), people }),
        ),
      },
    }),
  },
  '/v1/notifications/{id}': {
    get: hubOperation({
      operationId: 'readNotification',
      summary: 'What became of it, person by person',
      takes: ['page'],
      parameters: [ID, { name: 'user', in: 'query', description: 'Of this person only.', schema: { type: 'string' } }],
      responses: {
        200: json(
          'With a page of its people.',
          record(
            { ...kept, counts: anyObject('By state.'), people },
            {
              ...perhaps,
              ...{ title: text(''), message: text(''), url: text(''), data: anyObject(), next_cursor: text('') },
              confidential: flag('What it said is shown to its people alone, in their inboxes.'),
              unreadable: flag('What it said is damaged.'),
            },
          ),
        ),
      },
    }),
    delete: hubOperation({
      operationId: 'cancelNotification',
      summary: 'Takes back what has not left',
      parameters: [ID],
      responses: { 200: cancelled },
    }),
  },
};

const schemas: ApiGroup['schemas'] = {
  NotificationOrder: order,
  RecipientTotals: recipients,
  Decision: decision,
  NotificationSummary: record(kept, perhaps),
};

/** Sends to people, and what became of them. */
export const notificationsGroup = (): ApiGroup => ({
  tag: {
    name: 'Notifications to people',
    description:
      'Answered once it is in the store; every decision about every person is kept, with its reason in words.',
    ...guide('hub#sending', 'The hub'),
  },
  paths,
  schemas,
});
