import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiPage } from '../../../scripts/pages/openapi-page.ts';
import type { Example, MediaType } from '../../../src/api/openapi/api-group.ts';
import { sealOptOut } from '../../../src/hub/people/opt-out-link.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { sharedFields } from '../../../src/push/wire/shared-fields.ts';
import { addPerson } from '../../hub/add-person.ts';
import { type AnswerFaults, answerFaults, received } from './answer-faults.ts';
import { type SandboxedRelay, startSandboxedRelay } from './sandboxed-relay.ts';

const written = JSON.parse(openApiPage());

const operations = Object.entries(written.paths as SandboxedRelay['document']['paths']).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

const examplesIn = (content: { readonly [type: string]: MediaType } | undefined): [string, Example][] =>
  Object.values(content ?? {}).flatMap(({ examples }) => Object.entries(examples ?? {}));

/** `{name}` in a path becomes the example of that parameter; a query gets those that have one. */
function urlOf(path: string, { parameters = [] }: (typeof operations)[number]['operation']): string {
  const query = parameters.filter(({ in: place, example }) => place === 'query' && example !== undefined);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(String(parameters.find((parameter) => parameter.name === name)?.example)),
  );
  return `${filled}?${query.map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`).join('&')}`;
}

/** Those without which a request is refused. */
const headersOf = ({ parameters = [] }: (typeof operations)[number]['operation']): Record<string, string> =>
  Object.fromEntries(
    parameters
      .filter(({ in: place, required }) => place === 'header' && required)
      .map(({ name, example }) => [name, String(example)]),
  );

test('the description is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(written);
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

test('operations have a name each, and every named shape is used', () => {
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  const text = JSON.stringify(written);
  const unused = Object.keys(written.components.schemas).filter(
    (name) => !text.includes(`"#/components/schemas/${name}"`),
  );
  expect(unused).toEqual([]);
});

describe('examples of answers', () => {
  const ajv = new Ajv2020({ strict: false });
  (addFormats as unknown as (on: Ajv2020) => void)(ajv);
  ajv.addSchema({ ...written, $id: 'api' });
  const all = operations.flatMap(({ operation }) =>
    Object.values(operation.responses).flatMap(({ content }) =>
      Object.values(content ?? {}).flatMap(({ schema, examples }) =>
        Object.entries(examples ?? {}).map(([name, { value }]) => ({
          name: `${operation.operationId}: ${name}`,
          schema,
          value,
        })),
      ),
    ),
  );
  test.each(all)('$name fits its schema', ({ schema, value }) => {
    const { $ref } = schema as { $ref: string };
    expect(ajv.validate({ $ref: `api${$ref}` }, value), ajv.errorsText()).toBe(true);
  });
});

describe.each([{ sync: false }, { sync: true }])('a running relay with core.sync: $sync', ({ sync }) => {
  let relay: SandboxedRelay;
  // Once: reading the whole description takes most of a second.
  let faultsOf: AnswerFaults;
  beforeAll(async () => {
    relay = await startSandboxedRelay({ core: { sync }, hub: { enabled: true, path: '', test_endpoint: true } });
    faultsOf = answerFaults(relay.document);
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const bodies = operations.flatMap(({ path, method, operation }) => {
    if (operation['x-endless']) return [];
    const examples = examplesIn(operation.requestBody?.content);
    return (examples.length > 0 ? examples : [['', undefined] as const]).map(([name, example]) => ({
      title: `${method.toUpperCase()} ${path}${name && `, example ${name}`}`,
      path,
      method,
      operation,
      example,
    }));
  });

  /** What an example speaks of is there. */
  const prepare = async (path: string): Promise<void> => {
    if (path.startsWith('/v1/apps/')) {
      const body = JSON.stringify({ huawei: { appid: '1', appsecret: 'x' } });
      await fetch(`${relay.url}/v1/apps/shop`, { method: 'PUT', body });
    }
    const send = (method: string, to: string, body: object) =>
      fetch(relay.url + to, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    if (path.includes('{user}')) await addPerson(relay.hub?.store, 'default', 'ada');
    if (path.includes('{topic}')) await send('PUT', '/v1/topics/news/users/ada', {});
    if (path.includes('{device}') || path === '/v1/push/devices/{id}')
      await send('PUT', '/v1/devices/phone-1', { platform: 'expo', token: 'ExponentPushToken[a]' });
    if (path.startsWith('/v1/escalations/{name}'))
      await send('PUT', '/v1/escalations/on-call', { steps: [{ after: 60 }] });
    if (path.includes('{registration_id}'))
      for (const [table, token] of [
        ['apns', 'ab'.repeat(32)],
        ['gcm', 'fcm-registration-id-of-ada'],
      ] as const)
        await send('POST', `/api/push/${table}/`, { registration_id: token, user_id: 'ada' });
    if (path.startsWith('/v1/push/topics'))
      await send('POST', '/v1/push/topics', {
        ...{ topic_secret: '000102030405060708090a0b0c0d0e0f', provider: 'expo', token: 'ExponentPushToken[topic]' },
      });
    if (path.startsWith('/v1/schedules/{id}'))
      await send('PUT', '/v1/schedules/standup', {
        every: '1h',
        notification: { message: 'x', to: { everyone: true } },
      });
    if (path.startsWith('/v1/tasks/{id}')) await send('PUT', '/v1/tasks/T-1', { title: 'Radiators' });
    if (path.startsWith('/v1/incidents/{id}')) await send('PUT', '/v1/incidents/INC-1', { title: 'Disk full' });
    if (path.includes('notifications/{id}')) {
      await send('DELETE', '/v1/users/ada', {});
      await send('PUT', '/v1/users/ada', {});
      await send('POST', '/v1/notifications', { id: 'n1', message: 'hi', to: { users: ['ada'] } });
    }
    while (path === '/v1/pushes/{id}' && !(await fetch(`${relay.url}/v1/pushes/order-42`)).ok) await sleep(20);
  };

  /** Of a link in a mail. */
  const signed = (): string =>
    sealOptOut((relay.hub as NonNullable<SandboxedRelay['hub']>).store.seal, {
      ...{ app: 'default', user: 'ada', channel: 'email', type: 'news', at: 1 },
    });

  /** JSON, or in another media type the text itself. */
  const bodyOf = (operation: (typeof operations)[number]['operation'], value: unknown) => {
    const [type = 'application/json'] = Object.keys(operation.requestBody?.content ?? {});
    const body = typeof value === 'string' && type !== 'application/json' ? value : JSON.stringify(value);
    return { body, headers: { 'content-type': type, ...headersOf(operation) } };
  };

  test.each(bodies)('answers $title as described', async ({ path, method, operation, example }) => {
    await prepare(path);
    const response = await fetch(relay.url + urlOf(path, operation).replace('/1.signed', `/${signed()}`), {
      method: method.toUpperCase(),
      ...(example ? bodyOf(operation, example.value) : {}),
    });
    const answer = await received(response);
    expect(faultsOf(path, method, answer)).toEqual([]);
    const usual =
      '200' in operation.responses ? 200 : Number(Object.keys(operation.responses).find((each) => /^2/.test(each)));
    if (path !== '/readyz') expect(answer.status).toBe(example?.['x-status'] ?? (answer.status === 204 ? 204 : usual));
  });
});

test('the document tells where things are served, and what this process takes', async () => {
  await using relay = await startSandboxedRelay({ api: { push_uri: '/send' }, core: { max_notification: 7 } });
  const { paths, components } = relay.document;
  expect(paths['/send']?.post?.operationId).toBe('push');
  expect(paths['/api/push']).toBe(undefined);
  const { properties } = components.schemas.PushRequest as { properties: { notifications: { maxItems: number } } };
  expect(properties.notifications.maxItems).toBe(7);
});

test('what api.* puts at the place of the description goes before it', async () => {
  await using relay = await startSandboxedRelay({ api: { stat_app_uri: '/docs' } });
  expect(await (await fetch(`${relay.url}/docs`)).json()).toMatchObject({ total_count: 0 });
});

test('a field of the description is a field that the decoder checks', () => {
  const { properties } = written.components.schemas.Notification;
  for (const [name, { type }] of Object.entries(properties as Record<string, { type?: string[] }>)) {
    // Legacy fields of FCM, and those of ours that several providers share, are ignored when they have another type.
    const lenient = [
      'dry_run',
      'collapse_key',
      'time_to_live',
      'restricted_package_name',
      ...Object.keys(sharedFields),
    ];
    if (!type || lenient.includes(name)) continue;
    const wrong = type.includes('string') ? 1 : 'text';
    const { ok } = builtIn.decoder.decode(JSON.stringify({ notifications: [{ [name]: wrong }] }));
    expect({ name, ok }).toEqual({ name, ok: false });
    expect(builtIn.decoder.decode(JSON.stringify({ notifications: [{ [name]: null }] })).ok).toBe(true);
  }
});

test('without a key each operation that wants one answers 401, and the others do not', async () => {
  const sha256 = createHash('sha256').update('k').digest('hex');
  await using relay = await startSandboxedRelay(
    { auth: { keys: { all: { sha256, scopes: ['admin'] } } } },
    { 'x-api-key': 'k' },
  );
  for (const [path, item] of Object.entries(relay.document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const response = await fetch(relay.url + urlOf(path, operation), {
        method: method.toUpperCase(),
        headers: headersOf(operation),
      });
      const { status } = response;
      await response.body?.cancel();
      expect({ path, method, refused: status === 401 }).toEqual({
        path,
        method,
        refused: operation.security?.length !== 0,
      });
    }
  }
});

test('a request without one of the headers that it must have is refused, whatever this instance would say else', async () => {
  await using relay = await startSandboxedRelay();
  const missing = operations.flatMap(({ path, method, operation }) =>
    Object.keys(headersOf(operation)).map((name) => ({ path, method, operation, name })),
  );
  expect(missing.length).toBeGreaterThan(0);
  for (const { path, method, operation, name } of missing) {
    const { [name]: _, ...headers } = headersOf(operation);
    const body = examplesIn(operation.requestBody?.content)[0]?.[1].value;
    const { status } = await fetch(relay.url + urlOf(path, operation), {
      method: method.toUpperCase(),
      headers,
      body: JSON.stringify(body),
    });
    expect([400, 401, 403, 406, 415, 422], `${method} ${path} without ${name}: ${status}`).toContain(status);
  }
});
