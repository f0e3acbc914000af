import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSelfService } from '../../apps/store/self-service-relay.ts';
import { startTenantProviders, type TenantProviders } from '../../apps/tenant-providers.ts';

let providers: TenantProviders;
beforeAll(async () => {
  providers = await startTenantProviders();
});
afterAll(() => providers.close());

test.each([
  ['PUT', '/v1/apps', 405, 'GET, HEAD, POST'],
  ['POST', '/v1/apps/acme', 405, 'GET, HEAD, PUT, PATCH, DELETE'],
  ['GET', '/v1/apps/acme/providers/ios', 405, 'PUT, DELETE'],
  ['GET', '/v1/apps/acme', 404, null],
  ['GET', '/v1/apps/acme/', 404, null],
  ['GET', '/v1/Apps', 404, null],
  ['GET', '/v1/apps/acme/x', 404, null],
  ['GET', '/v1/apps/a%00b', 404, null],
  ['GET', '/v1/apps/..%2f..%2fetc', 404, null],
  ['PUT', '/v1/apps/acme/providers/windows', 404, null],
])('%s %s is answered with %d', async (method, path, status, allow) => {
  const { ask } = await startSelfService(providers);
  const answer = await ask(method, path, method === 'GET' ? undefined : {});
  expect(answer.status).toBe(status);
  expect(answer.headers.get('allow')).toBe(allow);
});

describe('a body', () => {
  test.each([
    ['', 'the body is not JSON'],
    ['{"huawei": {"appsecret": "canary', 'the body is not JSON'],
    ['[]', '$: must be an object'],
    ['null', '$: must be an object'],
    ['"canary"', '$: must be an object'],
    ['{"__proto__": {"polluted": 1}}', '__proto__: unknown key'],
    [`${'{"ios":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 'ios.ios: unknown key'],
    [`{"webhook": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'webhook: must be an object'],
    [`{"android": {"credential": {"a": ${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`, 'android.credential'],
  ])('that is no settings is refused (%#)', async (body, message) => {
    const { ask } = await startSelfService(providers);
    for (const [method, path] of [
      ['PUT', '/v1/apps/acme'],
      ['PATCH', '/v1/apps/acme'],
    ] as const) {
      const answer = await ask(method, path, body);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toContain(message);
      expect(answer.text).not.toContain('canary');
    }
    expect('polluted' in {}).toBe(false);
  });

  test('of more than 256 KiB is refused', async () => {
    const { ask } = await startSelfService(providers);
    const answer = await ask('PUT', '/v1/apps/acme', `{"ios": {"key_base64": "${'A'.repeat(300_000)}"}}`);
    expect(answer.status).toBe(413);
  });
});

test.each(['default', 'Acme', 'a b', '-a', 'a'.repeat(65)])('an app cannot be called %s', async (name) => {
  const { ask } = await startSelfService(providers);
  const answers = [
    await ask('POST', '/v1/apps', { name }),
    await ask('PUT', `/v1/apps/${encodeURIComponent(name)}`, {}),
  ];
  for (const answer of answers) expect(answer).toMatchObject({ status: 400, body: { details: [{ path: 'name' }] } });
});

test('a new app needs a name that is not taken', async () => {
  const { ask } = await startSelfService(providers);
  expect(await ask('POST', '/v1/apps', {})).toMatchObject({ status: 400, body: { details: [{ path: 'name' }] } });
  expect((await ask('POST', '/v1/apps', { name: 'acme' })).status).toBe(201);
  expect((await ask('POST', '/v1/apps', { name: 'acme' })).status).toBe(409);
});

test('a key for some apps manages those, and sees no others', async () => {
  const { createHash } = await import('node:crypto');
  const sha256 = (text: string): string[] => [createHash('sha256').update(text).digest('hex')];
  const keys = {
    operator: { sha256: sha256('k-operator'), scopes: ['admin'] },
    tenant: { sha256: sha256('k-tenant'), scopes: ['admin'], apps: ['acme'] },
    sender: { sha256: sha256('k-sender'), scopes: ['push', 'read'] },
  };
  const { ask } = await startSelfService(providers, { more: { auth: { keys }, core: { address: '' } } });
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  for (const name of ['acme', 'beta'])
    expect((await ask('PUT', `/v1/apps/${name}`, {}, as('k-operator'))).status).toBe(201);
  expect((await ask('GET', '/v1/apps')).status).toBe(401);
  expect((await ask('GET', '/v1/apps', undefined, as('k-sender'))).status).toBe(403);
  const { body } = await ask('GET', '/v1/apps', undefined, as('k-tenant'));
  expect(body.apps.map(({ name }: { name: string }) => name)).toEqual(['acme']);
  expect((await ask('PATCH', '/v1/apps/acme', { rate_limit: 1 }, as('k-tenant'))).status).toBe(200);
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'])
    expect((await ask(method, '/v1/apps/beta', method === 'GET' ? undefined : {}, as('k-tenant'))).status).toBe(403);
  expect((await ask('POST', '/v1/apps', { name: 'gamma' }, as('k-tenant'))).status).toBe(403);
});

test('a key for some apps does not lead pushes to them that name no app and did not go there before', async () => {
  const { createHash } = await import('node:crypto');
  const sha256 = (text: string): string[] => [createHash('sha256').update(text).digest('hex')];
  const keys = {
    operator: { sha256: sha256('k-operator'), scopes: ['admin'] },
    tenant: { sha256: sha256('k-tenant'), scopes: ['admin'], apps: ['acme'] },
  };
  const { ask } = await startSelfService(providers, { more: { auth: { keys } } });
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  const change = async (key: string, method: string, body: object) =>
    expect([200, 201]).toContain((await ask(method, '/v1/apps/acme', body, as(key))).status);
  const appOf = async (topic: string) => {
    const notifications = [{ platform: 1, tokens: [`t-${providers.seen.length}`], topic }];
    expect((await ask('POST', '/api/push', { notifications }, as('k-operator'))).body.logs).toEqual([]);
    return providers.seen.at(-1)?.by;
  };
  const { ios } = providers.tenant('acme').settings;
  await change('k-operator', 'PUT', { ios, default_topic: 'com.example.acme' });
  expect(await appOf('com.example.acme')).toBe('acme');
  await change('k-tenant', 'PATCH', { default_topic: 'com.victim' });
  expect(await appOf('com.victim')).toBe('main');
  // Nor when somebody else changes something else of the app.
  await change('k-operator', 'PATCH', { rate_limit: 100 });
  expect(await appOf('com.victim')).toBe('main');
  await ask('DELETE', '/v1/apps/acme', undefined, as('k-tenant'));
  await change('k-tenant', 'PUT', { ios, default_topic: 'com.victim' });
  expect(await appOf('com.victim')).toBe('main');
  await change('k-operator', 'PATCH', { default_topic: 'com.victim' });
  expect(await appOf('com.victim')).toBe('acme');
  await change('k-tenant', 'PATCH', { limits: { tokens: 10 } });
  expect(await appOf('com.victim')).toBe('acme');
});
