import { type ApiGroup, flag, guide, json, type Operation, type Parameter, record, ref, text } from '../api-group.ts';
import { anyObject, CONDITIONS, ETAG, instant, jsonBody } from './hub-parts.ts';
import { namespaceOperation } from './namespace-group.ts';
import { BODY, keyed, POSTED, type RefusedStatus } from './other-parts.ts';

/** Apps of config.yml are changed there only: the examples have one of their own. */
const app = 'acme';

const PROVIDER: Parameter = {
  name: 'provider',
  in: 'path',
  required: true,
  description: '`apns`, `expo`, `fcm` or `ntfy`.',
  schema: { type: 'string' },
  example: 'expo',
};

const PROBE: Parameter = {
  name: 'probe',
  in: 'query',
  description: '`false`: the credential is not tried at the provider before it is taken.',
  schema: { type: 'boolean' },
};

const tagged = (answer: ReturnType<typeof json>) => ({
  ...answer,
  headers: { ETag: { ...ETAG.ETag, required: false } },
});

const credential = tagged(json('What is configured; nothing secret.', ref('PushCredential')));
const config = tagged(json('What is configured; nothing secret.', ref('PushConfig')));
const refusesPut = [...BODY, 409, 412] as const;
const refusesPost = [...POSTED, 412] as const;

const putCredential = (
  operationId: string,
  parameters: readonly Parameter[],
  refuses: readonly RefusedStatus[],
): Operation =>
  namespaceOperation({
    ...{ operationId, app, refuses, summary: 'Sets the credential of a provider; makes the app where it is not there' },
    parameters: [PROVIDER, PROBE, ...CONDITIONS, ...parameters],
    requestBody: jsonBody(anyObject('By provider: docs/hub/other-apis.md.'), {
      expo: { summary: 'Of Expo', value: { access_token: 'token-of-the-app' } },
    }),
    responses: { 200: credential },
  });

const putConfig = (
  operationId: string,
  parameters: readonly Parameter[],
  refuses: readonly RefusedStatus[],
): Operation =>
  namespaceOperation({
    ...{ operationId, app, refuses, summary: 'Sets some of it: absent leaves, empty clears' },
    parameters: [...CONDITIONS, ...parameters],
    requestBody: jsonBody(
      {
        ...record(
          {},
          {
            ...{ ntfy_base_url: text(''), ntfy_auth_token: text(''), expo_access_token: text('') },
            ...{ has_ntfy_auth_token: flag('Ignored.'), has_expo_access_token: flag('Ignored.') },
          },
        ),
        additionalProperties: false,
      },
      { ntfy: { summary: 'A server of ntfy', value: { ntfy_base_url: 'https://ntfy.example' } } },
    ),
    responses: { 200: config },
  });

const changed = { updated_at: instant(), updated_by: text('') };

const schemas: ApiGroup['schemas'] = {
  PushCredential: record(
    { namespace: text(''), provider: text(''), configured: flag('') },
    { ...changed, redacted: anyObject('Without what is secret.') },
  ),
  PushConfig: record(
    { namespace: text(''), has_ntfy_auth_token: flag(''), has_expo_access_token: flag('') },
    { ...changed, ntfy_base_url: text('') },
  ),
};

const names = { type: 'array', items: { type: 'string' } } as const;

/** The credentials of an app under the names of the namespace API. */
export const pushCredentialsGroup = (): ApiGroup => ({
  tag: {
    name: 'Push credentials of a namespace',
    description: 'The credentials of `/v1/apps` in the forms of a gateway with push by namespaces.',
    ...guide('hub/other-apis', 'APIs of other servers'),
  },
  paths: {
    '/v1/namespace/push-credentials': {
      get: namespaceOperation({
        ...{ operationId: 'listPushCredentials', app, summary: 'Which are configured, and which there can be' },
        responses: {
          200: json('By provider.', record({ namespace: text(''), configured: names, supported: names })),
        },
      }),
    },
    '/v1/namespace/push-credentials/{provider}': {
      get: namespaceOperation({
        ...{ operationId: 'readPushCredential', app, summary: 'One of them', parameters: [PROVIDER] },
        responses: { 200: credential, 304: { description: 'It is the same.' } },
      }),
      put: putCredential('putPushCredential', [], refusesPut),
      post: putCredential('setPushCredential', keyed(), refusesPost),
      delete: namespaceOperation({
        ...{ operationId: 'deletePushCredential', app, summary: 'Takes one away', parameters: [PROVIDER] },
        responses: {
          200: json('It is not there.', record({ namespace: text(''), provider: text(''), configured: flag('') })),
        },
        refuses: [409],
      }),
    },
    '/v1/push/config': {
      get: namespaceOperation({
        ...{ operationId: 'readPushConfig', app, summary: 'The older form of it, for ntfy and Expo' },
        responses: { 200: config, 304: { description: 'It is the same.' } },
      }),
      put: putConfig('putPushConfig', [], refusesPut),
      post: putConfig('setPushConfig', keyed(), refusesPost),
      delete: namespaceOperation({
        ...{ operationId: 'deletePushConfig', app, summary: 'Takes both away' },
        responses: { 200: json('It is done.', record({ status: text('`cleared`.') })) },
        refuses: [409],
      }),
    },
  },
  schemas,
});
