import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, guide, json, record, ref, text } from '../api-group.ts';
import { hubOperation, idParameter, jsonBody, tagged, USER } from './hub-parts.ts';

const DEVICE = idParameter('device', 'Id of the device: that of the installation, made by the app.', 'phone-1');
const device = json('The device, without its token.', ref('Device'));
const NDJSON = 'application/x-ndjson';
const texts: JsonSchema = { type: 'array', items: { type: 'string' } };
const anyObject: JsonSchema = { type: 'object', additionalProperties: true };

const registration: JsonSchema = {
  ...record(
    {},
    {
      user: { type: ['string', 'null'], description: 'Whose it is; absent or null: signed out, and nothing is sent.' },
      users: { ...texts, maxItems: 8, description: 'Several accounts on one phone, on purpose.' },
      platform: text('`ios`, `android`, `huawei`, `web`, `expo`, `ntfy`.'),
      kind: text('`alert`, `voip`, `liveactivity`.'),
      environment: text(''),
      token: text(''),
      subscription: {
        ...anyObject,
        description: 'Of a browser: `{endpoint, keys: {p256dh, auth}, application_server_key?}`.',
      },
      ...{ name: text(''), model: text(''), os_version: text(''), app_version: text('') },
      ...{ locale: text('BCP 47.'), timezone: text('Of the IANA database.'), capabilities: anyObject },
      ...{ enabled: { type: 'boolean' }, settings: anyObject, topics: texts, installation_hint: text('') },
    },
  ),
  additionalProperties: false,
};

const example = (status: number) => ({
  phone: {
    summary: 'A phone',
    value: { user: 'ada', platform: 'android', token: 'device-token-of-a-phone', name: 'Pixel' },
    'x-status': status,
  },
});

const streams: ApiGroup['paths'] = {
  '/v1/devices/import': {
    post: hubOperation({
      operationId: 'importDevices',
      summary: 'Registers devices by the million, a line of JSON each',
      description:
        'Each line is the body of a PUT, with `id`. It is streamed: lines of any number in constant memory, the good ones are taken whatever the others are, and what was taken before a connection broke stays. It may be repeated.',
      requestBody: {
        required: true,
        content: {
          [NDJSON]: {
            schema: { type: 'string' },
            examples: {
              two: {
                summary: 'Two phones',
                value: [
                  '{"id":"phone-1","user":"ada","platform":"android","token":"device-token-of-a-phone"}',
                  '{"id":"phone-2","user":"bob","platform":"android","token":"device-token-of-another"}',
                ].join('\n'),
              },
            },
          },
        },
      },
      responses: {
        200: {
          description:
            'A line for each row that was not taken, `{line, id?, code, message, details?}`, and in the last line the totals, `{imported, moved, rotated, failed}`.',
          content: { [NDJSON]: { schema: { type: 'string' } } },
        },
      },
    }),
  },
  '/v1/devices/export': {
    get: hubOperation({
      operationId: 'exportDevices',
      summary: 'All devices of an app, a line of JSON each, without their tokens',
      responses: {
        200: {
          description: 'Devices in the order of their ids, as `GET /v1/devices/{device}` shows them.',
          content: { [NDJSON]: { schema: { type: 'string' } } },
        },
      },
    }),
  },
};

const removals: ApiGroup['paths'] = {
  '/v1/devices/removals': {
    get: hubOperation({
      operationId: 'readRemovals',
      summary: 'Whether devices that are called dead are left as they are, as too many were at once',
      responses: {
        200: json('Until when, where they are.', record({ paused: { type: 'boolean' } }, { until: text('ISO 8601.') })),
      },
    }),
  },
  '/v1/devices/resume-removals': {
    post: hubOperation({
      operationId: 'resumeRemovals',
      summary: 'Believes the verdicts that were doubted, as too many tokens died at once',
      takes: ['key'],
      responses: { 200: json('How many devices are dead by it.', record({ removed: { type: 'integer' } })) },
    }),
  },
};

/** Devices of people. */
export const devicesGroup = (): ApiGroup => ({
  tag: {
    name: 'Devices',
    description:
      'A token belongs to one person: who registers it takes it over (`moved`). Tokens are checked by their platform, kept sealed and never shown.',
    ...guide('hub/register-devices', 'Register devices'),
  },
  paths: {
    '/v1/devices': {
      post: hubOperation({
        operationId: 'registerDevice',
        summary: 'Registers a device that has no id of its own',
        takes: ['key', 'body'],
        requestBody: jsonBody(registration, example(201)),
        responses: { 200: tagged(device), 201: tagged(device) },
      }),
    },
    ...removals,
    ...streams,
    '/v1/devices/{device}': {
      get: hubOperation({
        operationId: 'readDevice',
        summary: 'One device',
        takes: ['known'],
        parameters: [DEVICE],
        responses: { 200: tagged(device), 304: { description: 'It is the same.' } },
      }),
      put: hubOperation({
        operationId: 'replaceDevice',
        summary: 'Brings a device into this state',
        takes: ['conditions', 'body'],
        parameters: [DEVICE],
        requestBody: jsonBody(registration, example(200)),
        responses: { 200: tagged(device), 201: tagged(device) },
      }),
      patch: hubOperation({
        operationId: 'changeDevice',
        summary: 'Changes some of it (RFC 7396)',
        takes: ['conditions', 'body'],
        parameters: [DEVICE],
        requestBody: jsonBody(registration, {
          off: { summary: 'Switches it off', value: { enabled: false } },
        }),
        responses: { 200: tagged(device) },
      }),
      delete: hubOperation({
        operationId: 'deleteDevice',
        summary: 'Removes a device',
        takes: ['conditions'],
        parameters: [DEVICE],
        responses: { 204: { description: 'It is not there.' } },
      }),
    },
    '/v1/users/{user}/devices': {
      get: hubOperation({
        operationId: 'listDevices',
        summary: 'The devices of a person, by id',
        takes: ['page'],
        parameters: [USER],
        responses: {
          200: json('A page.', record({ devices: { type: 'array', items: ref('Device') } }, { next_cursor: text('') })),
        },
      }),
    },
  },
});
