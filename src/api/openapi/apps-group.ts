import { providerSchema, settingsPatchSchema, settingsSchema } from '../../apps/store/settings-schema.ts';
import type { ProviderRow } from '../../carrier/provider-row.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { APP_NAME } from '../../push/app-name.ts';
import type { JsonSchema } from '../../push/wire/decoding.ts';
import {
  type ApiGroup,
  type ApiSettings,
  count,
  type DescribedAnswer,
  error,
  flag,
  guide,
  json,
  type MediaType,
  type Operation,
  type Parameter,
  record,
  ref,
  text,
} from './api-group.ts';

const APP: Parameter = {
  name: 'app',
  in: 'path',
  required: true,
  description: 'Name of the app.',
  schema: { type: 'string', pattern: APP_NAME.source },
  example: 'shop',
};

const platformParameter = ({ platforms }: ProviderTable): Parameter => ({
  name: 'platform',
  in: 'path',
  required: true,
  description: 'The provider.',
  schema: { type: 'string', enum: platforms },
  example: 'huawei',
});

/** RFC 9110, 13.1: so that no change overwrites a later one. */
const CONDITIONS: readonly Parameter[] = [
  {
    name: 'If-Match',
    in: 'header',
    description: 'Only if the app is in this version (its `ETag`); `*`: only if it is there.',
    schema: { type: 'string' },
  },
  {
    name: 'If-None-Match',
    in: 'header',
    description: '`*`: only if there is no such app.',
    schema: { type: 'string' },
  },
];

const ETAG = { ETag: { description: 'The version of the app.', required: true, schema: { type: 'string' } } };
const LOCATION = { Location: { description: 'Where the app is.', required: true, schema: { type: 'string' } } };

const shown: DescribedAnswer = { ...json('The app as it is now.', ref('App')), headers: ETAG };
const made: DescribedAnswer = {
  ...json('The app was not there, and is now.', ref('App')),
  headers: { ...ETAG, ...LOCATION },
};

const refusals = {
  400: error('The request is wrong: `details` says where.'),
  403: error('Apps cannot be changed here: no key is configured, no master key, or the key is not for this app.'),
  404: error('There is no such app, or no such provider.'),
  409: error('It is there already, belongs to config.yml, or is being changed by others.'),
  412: error('The app is in another version than `If-Match` or `If-None-Match` want.'),
  408: error('The body arrives too slowly.'),
  413: error('The body is longer than 256 KiB.'),
  422: error('The provider does not take the credential (`probe=true`).'),
  502: error('The provider could not be asked (`probe=true`).'),
  503: error('The store of the apps cannot be reached, or secrets cannot be opened.'),
} as const;

type Status = keyof typeof refusals;

const refused = (...statuses: readonly Status[]): Operation['responses'] =>
  Object.fromEntries(statuses.map((status) => [status, refusals[status]]));

const body = (mediaType: string, schema: JsonSchema, examples: NonNullable<MediaType['examples']>) => ({
  required: true,
  content: { [mediaType]: { schema, examples } },
});

const HUAWEI = { appid: '100001', appsecret: 'the-secret-of-the-app' };

const listing: Operation = {
  operationId: 'listApps',
  summary: 'The apps that there are, by name',
  parameters: [
    {
      name: 'limit',
      in: 'query',
      description: 'How many at most.',
      schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    },
    {
      name: 'cursor',
      in: 'query',
      description: 'The `next_cursor` of the page before.',
      schema: { type: 'string' },
    },
  ],
  responses: { 200: json('Those that the key may use.', ref('Apps')), ...refused(400, 403) },
};

const creation: Operation = {
  operationId: 'createApp',
  summary: 'Make an app',
  requestBody: body('application/json', ref('NewApp'), {
    huawei: { summary: 'An app for Huawei', value: { name: 'shop', huawei: HUAWEI }, 'x-status': 201 },
  }),
  responses: { 201: made, ...refused(400, 403, 409, 408, 413, 503) },
};

const replacement: Operation = {
  operationId: 'replaceApp',
  summary: 'Replace all settings of an app, or make it',
  parameters: [APP, ...CONDITIONS],
  requestBody: body('application/json', ref('AppSettings'), {
    settings: {
      summary: 'Settings with a rate limit',
      value: { huawei: HUAWEI, rate_limit: 500, default_topic: 'com.example.shop' },
    },
  }),
  responses: { 200: shown, 201: made, ...refused(400, 403, 409, 412, 408, 413, 503) },
};

const change: Operation = {
  operationId: 'changeApp',
  summary: 'Change some settings of an app',
  description: 'A merge patch (RFC 7396): `null` takes a setting away.',
  parameters: [APP, ...CONDITIONS],
  requestBody: body('application/merge-patch+json', ref('AppPatch'), {
    limit: { summary: 'Another rate limit', value: { rate_limit: 1000, default_topic: null } },
  }),
  responses: { 200: shown, ...refused(400, 403, 404, 409, 412, 408, 413, 503) },
};

/** `IosSettings` */
const settingsName = ({ platform }: ProviderRow): string =>
  `${platform.slice(0, 1).toUpperCase()}${platform.slice(1)}Settings`;

const provider = (providers: ProviderTable): Operation => ({
  operationId: 'putProvider',
  summary: 'Replace the credential of one provider',
  description:
    'It is parsed and signed with before it replaces the old one; pushes under way are finished with the old one.',
  parameters: [
    APP,
    platformParameter(providers),
    {
      name: 'probe',
      in: 'query',
      description: '`true`: the provider is asked whether it takes the credential, too.',
      schema: { type: 'boolean', default: false },
    },
    ...CONDITIONS,
  ],
  requestBody: body(
    'application/json',
    { anyOf: providers.rows.map((row) => ref(settingsName(row))) },
    { huawei: { summary: 'Another secret', value: HUAWEI } },
  ),
  responses: { 200: shown, ...refused(400, 403, 404, 409, 412, 408, 413, 422, 502, 503) },
});

const facts = ({ rows }: ProviderTable) => ({
  has_key: flag('There is a credential.'),
  kind: text('', { enum: [...new Set(rows.flatMap(({ settings }) => settings.stored.kinds))] }),
  fingerprint: text('SHA-256 of the public key or of the certificate, hexadecimal.'),
  not_after: text('When the certificate expires.', { format: 'date-time' }),
});

const providerView = (providers: ProviderTable): JsonSchema => ({
  type: 'object',
  description: 'Settings without secrets, and what says which credential it is.',
  properties: facts(providers),
  additionalProperties: true,
});

const appView = ({ platforms }: ProviderTable): JsonSchema =>
  record(
    {
      name: text(''),
      origin: text('`file`: it is in config.yml, and changed there only.', { enum: ['file', 'store'] }),
      version: { type: ['string', 'integer'], description: 'Another one with each change.' },
    },
    {
      updated_at: text('', { format: 'date-time' }),
      ...Object.fromEntries(platforms.map((platform) => [platform, ref('AppProvider')])),
      default_topic: text(''),
      rate_limit: { type: 'number' },
      limits: { type: 'object', properties: { tokens: count(''), payload: count('Bytes.') } },
      webhook: {
        type: 'object',
        description: 'Where its failed pushes are reported, without the parts that may be secret.',
        additionalProperties: true,
      },
      master_keys: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names of the keys that its secrets are sealed with.',
      },
    },
  );

/** Apps that are made and changed at run time. */
export const appsGroup = ({ providers }: ApiSettings): ApiGroup => ({
  tag: {
    name: 'Apps',
    description: 'Apps with credentials of their own, made and changed at run time. Answers never hold a secret.',
    ...guide('apps', 'Several apps'),
  },
  paths: {
    '/v1/apps': { get: listing, post: creation },
    '/v1/apps/{app}': {
      get: {
        operationId: 'getApp',
        summary: 'One app',
        parameters: [APP],
        responses: { 200: shown, ...refused(403, 404) },
      },
      put: replacement,
      patch: change,
      delete: {
        operationId: 'deleteApp',
        summary: 'Remove an app',
        parameters: [APP, ...CONDITIONS],
        responses: { 204: { description: 'It is gone.' }, ...refused(400, 403, 404, 409, 412, 503) },
      },
    },
    '/v1/apps/{app}/providers/{platform}': {
      put: provider(providers),
      delete: {
        operationId: 'deleteProvider',
        summary: 'Remove a provider from an app',
        parameters: [APP, platformParameter(providers), ...CONDITIONS],
        responses: { 200: shown, ...refused(400, 403, 404, 409, 412, 503) },
      },
    },
  },
  schemas: {
    Apps: record({ apps: { type: 'array', items: ref('App') } }, { next_cursor: text('Where the next page begins.') }),
    App: appView(providers),
    AppProvider: providerView(providers),
    AppSettings: settingsSchema(providers),
    AppPatch: settingsPatchSchema(providers),
    NewApp: {
      ...settingsSchema(providers),
      properties: { name: APP.schema, ...(settingsSchema(providers).properties as object) },
      required: ['name'],
    },
    ...Object.fromEntries(providers.rows.map((row) => [settingsName(row), providerSchema(row, providers)])),
  },
});
