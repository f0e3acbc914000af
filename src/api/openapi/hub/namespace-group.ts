import type { JsonSchema } from '../../../push/wire/decoding.ts';
import {
  type ApiGroup,
  count,
  flag,
  guide,
  json,
  type Operation,
  type Parameter,
  type PathItem,
  record,
  ref,
  text,
} from '../api-group.ts';
import { anyObject, DURATION, idParameter, instant, jsonBody } from './hub-parts.ts';
import { keyed, otherOperation, POSTED, type RefusedStatus, USER_ID } from './other-parts.ts';

/** Of the topic of the examples: its secret, and the SHA-256 of that. */
const SECRET = '000102030405060708090a0b0c0d0e0f';
const TOPIC = 'be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991';

type More = Omit<Parameters<typeof otherOperation>[0], 'errors' | 'refuses'> & {
  readonly refuses?: readonly RefusedStatus[];
};

export const namespaceOperation = ({ refuses = [], ...more }: More): Operation =>
  otherOperation({ ...more, refuses, errors: 'NamespaceError' });

const closed = (schema: JsonSchema): JsonSchema => ({ ...schema, additionalProperties: false });

const done = json('It is done.', record({ status: text('`ok`.') }));
const sendAnswers = {
  200: json('What became of it; `no_channel: true` where there was no device.', ref('NamespaceSendAnswer')),
  502: json('At least one push failed for good.', ref('NamespaceSendAnswer')),
};

const devicePaths: { readonly [path: string]: PathItem } = {
  '/v1/push/devices': {
    get: namespaceOperation({
      operationId: 'listPushDevices',
      summary: 'Devices of a person, the one heard of last first',
      parameters: [USER_ID],
      responses: { 200: json('All of them.', record({ devices: { type: 'array', items: ref('NamespaceDevice') } })) },
    }),
    post: namespaceOperation({
      operationId: 'registerPushDevice',
      summary: 'Registers a device of a person',
      parameters: keyed(),
      requestBody: jsonBody(
        closed(
          record(
            { device_id: text(''), provider: text('`apns`, `apns_voip`, `expo`, `fcm`, `ntfy`.'), token: text('') },
            { user_id: text('From a back end.'), platform: text(''), app_version: text('') },
          ),
        ),
        {
          phone: {
            summary: "Ada's phone",
            value: { user_id: 'ada', device_id: 'phone', provider: 'expo', token: 'ExponentPushToken[ada]' },
          },
        },
      ),
      responses: { 200: json('Its id.', record({ status: text('`ok`.'), id: text(''), device_id: text('') })) },
      refuses: POSTED,
    }),
  },
  '/v1/push/devices/{id}': {
    delete: namespaceOperation({
      operationId: 'deletePushDevice',
      summary: 'Forgets a device',
      parameters: [idParameter('id', 'Its id, from the registration or the list.', 'phone-1')],
      responses: { 200: done },
    }),
  },
};

const messageFields = {
  ...{ title: text(''), body: text(''), channel: text(''), priority: text('`normal` or `high`.') },
  ...{ badge: count('0 takes it away.'), sound: text(''), data: anyObject() },
  message_id: text('A later one with the same takes its place.'),
  ...{ content_available: flag(''), ttl: DURATION },
};

const sendPaths: { readonly [path: string]: PathItem } = {
  '/v1/push/send': {
    post: namespaceOperation({
      operationId: 'pushToUser',
      summary: 'Pushes at once to the devices of a person, and waits for outcomes',
      parameters: keyed(),
      requestBody: jsonBody(
        closed(
          record({ user_id: text('') }, { ...messageFields, target_provider: text(''), exclude_provider: text('') }),
        ),
        { hello: { summary: 'To Ada', value: { user_id: 'ada', title: 'Hello', body: 'world', priority: 'high' } } },
      ),
      responses: sendAnswers,
      refuses: POSTED,
    }),
  },
  '/v1/push/topics/send': {
    post: namespaceOperation({
      operationId: 'pushToTopic',
      summary: 'Pushes at once to a topic, and waits for the outcome',
      parameters: keyed(),
      requestBody: jsonBody(closed(record({ topic_id: text('SHA-256 of the secret, hexadecimal.') }, messageFields)), {
        hello: { summary: 'To a topic', value: { topic_id: TOPIC, body: 'Hello' } },
      }),
      responses: sendAnswers,
      refuses: POSTED,
    }),
  },
};

const SECRET_HEADER: Parameter = {
  name: 'X-Topic-Secret',
  in: 'header',
  description: 'The secret, where proxies drop the bodies of DELETE.',
  schema: { type: 'string' },
};

const secret = text('16 to 64 bytes in hexadecimal.');

const removal = (operationId: string): Operation =>
  namespaceOperation({
    ...{ operationId, summary: 'Forgets a topic', parameters: [SECRET_HEADER] },
    requestBody: jsonBody(
      closed(record({}, { topic_secret: secret })),
      { topic: { summary: 'A topic', value: { topic_secret: SECRET } } },
      false,
    ),
    responses: { 200: done },
    refuses: POSTED,
  });

const topicPaths: { readonly [path: string]: PathItem } = {
  '/v1/push/topics': {
    post: namespaceOperation({
      operationId: 'registerPushTopic',
      summary: 'Registers a token under a secret, until the midnight (UTC) after seven days',
      parameters: [SECRET_HEADER, ...keyed()],
      requestBody: jsonBody(closed(record({ provider: text(''), token: text('') }, { topic_secret: secret })), {
        topic: {
          summary: 'A topic',
          value: { topic_secret: SECRET, provider: 'expo', token: 'ExponentPushToken[topic]' },
        },
      }),
      responses: {
        200: json('What it is sent to by.', record({ status: text(''), topic_id: text(''), expires_at: instant() })),
      },
      refuses: POSTED,
    }),
    delete: removal('deletePushTopic'),
  },
  '/v1/push/topics/remove': { post: removal('removePushTopic') },
};

const result = record(
  { device_id: text(''), provider: text(''), success: flag(''), http_status: count(''), unregistered: flag('') },
  { reason: text('`Pending`: it is still being tried.'), message: text('') },
);

const schemas: ApiGroup['schemas'] = {
  NamespaceDevice: record(
    {
      ...{ id: text(''), device_id: text(''), provider: text(''), status: text('') },
      ...{ created_at: instant(), updated_at: instant(), last_seen: instant() },
    },
    { platform: text(''), app_version: text('') },
  ),
  NamespaceSendAnswer: record(
    {
      devices_attempted: count(''),
      devices_succeeded: count(''),
      results: { type: 'array', items: result },
    },
    {
      ...{ status: text('`ok`.'), no_channel: flag('There was no device.') },
      ...{ error: text(''), code: { type: 'integer' }, message: text('') },
    },
  ),
  NamespaceError: record(
    { code: { type: 'integer', description: 'The HTTP status.' }, message: text('') },
    {
      error: text('The same text.'),
      details: { type: 'array', items: record({ path: text(''), reason: text('') }) },
    },
  ),
};

/** Push by namespaces: devices, sends at once, and topics without names. */
export const namespaceGroup = (): ApiGroup => ({
  tag: {
    name: 'Push by namespaces',
    description: 'For apps that speak to a gateway with push by namespaces. The namespace is the app.',
    ...guide('hub/other-apis', 'APIs of other servers'),
  },
  paths: { ...devicePaths, ...sendPaths, ...topicPaths },
  schemas,
});
