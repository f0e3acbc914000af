import type { ProviderTable } from '../../providers/registry.ts';
import { categories } from '../../push/push.ts';
import type { JsonSchema } from '../../push/wire/decoding.ts';
import {
  type ApiGroup,
  type ApiSettings,
  count,
  type Example,
  error,
  flag,
  guide,
  json,
  RETRY_AFTER,
  record,
  ref,
  text,
} from './api-group.ts';
import { notificationSchemas } from './notification-schema.ts';

const DEAD_TOKEN = 'dead0410'.repeat(8);

/** What no provider alone shows. */
const common: { readonly [name: string]: Example } = {
  topic: {
    summary: 'A topic, and a phone of Huawei, in one request',
    value: {
      notifications: [
        { platform: 2, topic: 'news', title: 'News', message: 'for all readers' },
        { platform: 3, tokens: ['token-of-a-huawei-phone'], title: 'News', message: 'for one' },
      ],
    },
  },
  mistaken: {
    summary: 'A request that does not decode',
    value: { notifications: [{ platform: 'watch', tokens: ['token-of-a-watch'], message: 'hi' }] },
    'x-status': 400,
  },
};

/** What a caller meets first; each is sent to a running relay by the tests. */
const examplesOf = ({ rows }: ProviderTable): { readonly [name: string]: Example } => {
  const own = rows.flatMap(({ requests }) =>
    Object.entries(requests.examples).map(([name, { summary, notification }]): [string, Example] => [
      name,
      { summary, value: { notifications: [notification] } },
    ]),
  );
  return { ...Object.fromEntries(own), ...common };
};

const answers: { readonly [name: string]: Example } = {
  async: {
    summary: '`core.sync: false`: it is in the queue',
    value: { counts: 1, logs: [], success: 'ok', request_id: '0c9b3a1e-6f0d-4f6e-9a55-6d1f2c4b8e11' },
  },
  warned: {
    summary: 'Nothing was sent: `token` is no field, and there is no target',
    value: {
      counts: 0,
      logs: [],
      success: 'ok',
      request_id: '0c9b3a1e-6f0d-4f6e-9a55-6d1f2c4b8e11',
      warnings: [
        {
          path: 'notifications[0].token',
          reason: 'is no field, and was left out',
          did_you_mean: 'tokens',
        },
        { path: 'notifications[0]', reason: 'has no target: nothing was sent' },
      ],
    },
  },
  sync: {
    summary: '`core.sync: true`: what failed',
    value: {
      counts: 1,
      logs: [
        {
          type: 'failed-push',
          platform: 'ios',
          token: DEAD_TOKEN,
          message: 'hello again',
          error: 'Unregistered',
          status: 410,
          reason: 'Unregistered',
          category: 'invalid_token',
          invalid_token: true,
          retryable: false,
          attempts: 1,
          provider_id: 'EC1BF194-B3B2-424A-89A9-5A918A6E6B5D',
          unregistered_at: '2026-01-01T04:55:00.000Z',
          environment: 'production',
          request_id: '0c9b3a1e-6f0d-4f6e-9a55-6d1f2c4b8e11',
        },
      ],
      success: 'ok',
      request_id: '0c9b3a1e-6f0d-4f6e-9a55-6d1f2c4b8e11',
    },
  },
};

const entryOf = ({ platforms }: ProviderTable): JsonSchema =>
  record(
    {
      type: text('', { enum: ['failed-push', 'succeeded-push'] }),
      platform: text('Empty for an unknown platform.', { enum: [...platforms, ''] }),
      token: text('The device token, topic or condition.'),
      message: text('The text of the notification.'),
      error: text("Gorush's words for it; match on `category` and `reason` instead."),
    },
    {
      notif_id: text('As the notification had it.'),
      status: { type: 'integer', description: "HTTP status of the provider's answer; absent when there was none." },
      reason: text("The provider's own word, verbatim, or the relay's in CamelCase (docs/errors.md)."),
      category: text('What kind of failure it is.', { enum: categories }),
      invalid_token: flag('True: the target is dead, delete it.'),
      retryable: flag('True: the same push may succeed later.'),
      attempts: count('How often it was sent; of a pending one, as far as those attempts have ended.'),
      provider_id: text("The provider's id of it: apns-id, FCM message name, HMS request id."),
      unregistered_at: text('Since when APNs knows the token as dead.', { format: 'date-time' }),
      environment: text('', { enum: ['production', 'development'] }),
      app: text('Absent for the app `default`.'),
      request_id: text('The request that it belongs to.'),
      trace_id: text('The trace that it belongs to, where there is one.'),
    },
  );

/** Only where coming again helps. */
const AGAIN = { 'Retry-After': { ...RETRY_AFTER['Retry-After'], required: false } };

/** `POST /api/push`. */
export const pushGroup = ({ providers, uris, maxNotifications }: ApiSettings): ApiGroup => ({
  tag: { name: 'Pushes', description: 'Send notifications.', ...guide('http-api', 'HTTP API') },
  paths: {
    [uris.push_uri]: {
      post: {
        operationId: 'push',
        summary: 'Send notifications',
        description:
          'All of the request is taken, or nothing of it. 200 means that it is in the queue (`core.sync: false`), or that every push has its outcome (`core.sync: true`).',
        parameters: [
          {
            name: 'Idempotency-Key',
            in: 'header',
            description:
              'Any text that names this request: the same request again within `queue.dedupe_window` gets the first answer and is not sent again.',
            schema: { type: 'string' },
          },
          {
            name: 'traceparent',
            in: 'header',
            description: 'The trace that this belongs to (W3C Trace Context); ignored when it is malformed.',
            schema: { type: 'string' },
            example: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          },
        ],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: ref('PushRequest'), examples: examplesOf(providers) } },
        },
        responses: {
          200: json('Taken.', ref('PushAnswer'), answers),
          400: error(
            'The body does not decode, has no notifications or too many, or names an app that there is not; `details` says where.',
          ),
          408: error('The body arrives too slowly: less than a kilobyte a second after the first ten seconds.'),
          413: error('The body is larger than `core.max_body`.'),
          422: error('The `Idempotency-Key` was used for another request a moment ago.'),
          503: error(
            'Nothing of the request was taken: the queue is full or cannot be written, or too many bodies are being received (`Retry-After` says when to come again), or the app has no such provider (`details`).',
            AGAIN,
          ),
        },
      },
    },
  },
  schemas: {
    PushRequest: {
      type: 'object',
      properties: {
        notifications: { type: 'array', items: ref('Notification'), minItems: 1, maxItems: maxNotifications },
      },
      required: ['notifications'],
    },
    PushAnswer: record(
      {
        success: text('', { const: 'ok' }),
        counts: count('Device tokens, and one for a topic.'),
        logs: { type: 'array', items: ref('PushEntry'), description: 'What failed; sync mode only.' },
        request_id: text('Names this request in reports and logs.'),
      },
      {
        trace_id: text('Of the trace that it belongs to, where there is one.'),
        warnings: {
          type: 'array',
          items: ref('PushWarning'),
          description: 'What of the request has no effect; absent: nothing.',
        },
      },
    ),
    PushWarning: record(
      {
        path: text('Where in the request: `notifications[0].mesage`.'),
        reason: text('`is no field, and was left out`, or `has no target: nothing was sent`.'),
      },
      { did_you_mean: text('The field that was probably meant.') },
    ),
    PushEntry: entryOf(providers),
    ...notificationSchemas(providers),
  },
});
