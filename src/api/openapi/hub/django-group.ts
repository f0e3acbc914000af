import type { JsonSchema } from '../../../push/wire/decoding.ts';
import {
  type ApiGroup,
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
import { instant, jsonBody } from './hub-parts.ts';
import { BODY, keyed, otherOperation, POSTED, type RefusedStatus, USER_ID } from './other-parts.ts';

const IOS = 'ab'.repeat(32);
const ANDROID = 'fcm-registration-id-of-ada';

const nullable = (description: string): JsonSchema => ({ type: ['string', 'null'], description });

const registrationId = (example: string): Parameter => ({
  name: 'registration_id',
  in: 'path',
  required: true,
  description: 'The token of the device.',
  schema: { type: 'string', minLength: 1, maxLength: 512 },
  example,
});

/** Fields that it does not know are ignored, as there. */
const registration: JsonSchema = {
  ...record(
    {},
    {
      registration_id: text('The token. PATCH may leave it out.'),
      device_id: nullable(''),
      name: nullable(''),
      active: flag('False: nothing is sent to it.'),
      cloud_message_type: nullable('gcm: `FCM` or `GCM`.'),
      user_id: text('Whose it is; from a back end.'),
    },
  ),
  additionalProperties: true,
};

const device = json('The device.', ref('DjangoDevice'));

type More = Omit<Parameters<typeof otherOperation>[0], 'errors' | 'refuses'> & {
  readonly refuses?: readonly RefusedStatus[];
};

const operation = ({ refuses = [], ...more }: More): Operation =>
  otherOperation({ ...more, refuses, errors: 'DjangoError' });

const body = (example: Readonly<Record<string, unknown>>, status?: number) =>
  jsonBody(registration, {
    device: { summary: 'A device', value: example, ...(status === undefined ? {} : { 'x-status': status }) },
  });

/** The devices of one table of django-push-notifications. @param name in the names of operations */
function tablePaths(table: 'apns' | 'gcm', name: string, token: string): { readonly [path: string]: PathItem } {
  const one = { parameters: [registrationId(token)] };
  const changed = { ...one, responses: { 200: device }, refuses: [...BODY, 409] as const };
  return {
    [`/api/push/${table}/`]: {
      get: operation({
        operationId: `list${name}Devices`,
        summary: 'Devices of a person, newest first',
        parameters: [USER_ID],
        responses: { 200: json('All of them.', { type: 'array', items: ref('DjangoDevice') }) },
      }),
      post: operation({
        operationId: `create${name}Device`,
        summary: 'Registers a device; the same token again is the same device',
        parameters: keyed(),
        requestBody: body({ registration_id: `${token.slice(0, -1)}c`, user_id: 'ada', name: 'Phone' }, 201),
        responses: { 200: device, 201: device },
        refuses: POSTED,
      }),
    },
    [`/api/push/${table}/{registration_id}/`]: {
      get: operation({ ...one, operationId: `read${name}Device`, summary: 'One device', responses: { 200: device } }),
      put: operation({
        ...{ ...changed, operationId: `replace${name}Device`, summary: 'Changes it; the token has to be there' },
        requestBody: body({ registration_id: token, active: true }),
      }),
      patch: operation({
        ...{ ...changed, operationId: `change${name}Device`, summary: 'Changes some of it' },
        requestBody: body({ name: 'Old phone' }),
      }),
      delete: operation({
        ...one,
        ...{ operationId: `delete${name}Device`, summary: 'Forgets a device' },
        responses: { 204: { description: 'It is not there.' } },
      }),
    },
  };
}

const testPath: { readonly [path: string]: PathItem } = {
  '/api/push/test/': {
    post: operation({
      operationId: 'testPush',
      summary: 'Pushes a test to the devices of who asks (`hub.test_endpoint: true`)',
      parameters: keyed(),
      requestBody: jsonBody(
        {
          ...record({}, { title: nullable(''), message: nullable(''), user_id: text('From a back end.') }),
          additionalProperties: true,
        },
        { ada: { summary: 'To Ada', value: { user_id: 'ada', title: 'Hello', message: 'world' } } },
        false,
      ),
      responses: {
        200: json('What became of it.', ref('NamespaceSendAnswer')),
        502: json('At least one push failed for good.', ref('NamespaceSendAnswer')),
      },
      refuses: POSTED,
    }),
  },
};

const schemas: ApiGroup['schemas'] = {
  DjangoDevice: record(
    {
      registration_id: text('Whole to its owner, masked to a back end.'),
      ...{ device_id: nullable(''), name: nullable(''), active: flag(''), date_created: instant() },
    },
    { cloud_message_type: text('gcm.'), user_id: nullable('To a back end.') },
  ),
  DjangoError: {
    ...record(
      { code: { type: 'integer', description: 'The HTTP status.' }, message: text('') },
      { detail: text('What is not about a field.') },
    ),
    description: 'Beside these a list of texts for each field that is wrong, by its name.',
    additionalProperties: true,
  },
};

/** The routes of django-push-notifications, on the devices of the hub. @param withTest `hub.test_endpoint` */
export const djangoGroup = (withTest: boolean): ApiGroup => ({
  tag: {
    name: 'django-push-notifications',
    description:
      'For apps that speak to django-push-notifications: the same devices under its routes, with its fields and errors. The last slash may be left out.',
    ...guide('hub/other-apis', 'APIs of other servers'),
  },
  paths: {
    ...tablePaths('apns', 'Apns', IOS),
    ...tablePaths('gcm', 'Gcm', ANDROID),
    ...(withTest ? testPath : {}),
  },
  schemas,
});
