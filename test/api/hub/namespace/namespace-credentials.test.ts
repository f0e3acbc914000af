import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSeedRelay, type SeedRelay, startSeedRelay } from '../seed-relay.ts';

const P8 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const APNS = {
  ...{ team_id: 'DEF123GHIJ', key_id: 'ABC123DEFG', bundle_id: 'com.acme.app', p8_key: P8, environment: 'sandbox' },
};
const at = (provider: string) => `/v1/namespace/push-credentials/${provider}`;

test('a namespace sets, sees, replaces and removes its credential, and no answer has the secret (O123, O83)', async () => {
  const relay = await startSeedRelay();
  expect((await relay.ask('GET /v1/namespace/push-credentials', 'acme')).body).toEqual({
    ...{ namespace: 'acme', configured: [], supported: ['apns', 'expo', 'fcm', 'ntfy'] },
  });
  expect((await relay.ask(`GET ${at('apns')}`, 'acme')).body).toEqual({
    namespace: 'acme',
    provider: 'apns',
    configured: false,
  });
  const put = await relay.ask(`PUT ${at('apns')}`, 'acme', APNS);
  expect(put.status, put.text).toBe(200);
  expect(put.body).toMatchObject({
    ...{ namespace: 'acme', provider: 'apns', configured: true, updated_by: 'key:acme' },
    redacted: {
      team_id: 'DEF123GHIJ',
      key_id: 'ABC123DEFG',
      bundle_id: 'com.acme.app',
      environment: 'sandbox',
      has_p8_key: true,
    },
  });
  expect(put.text).not.toContain('PRIVATE KEY');
  expect(
    (await relay.ask(`POST ${at('apns')}`, 'acme', { ...APNS, bundle_id: 'com.acme.other' })).body.redacted.bundle_id,
  ).toBe('com.acme.other');
  expect((await relay.ask(`GET ${at('apns')}/`, 'acme')).status).toBe(200);
  expect((await relay.ask('GET /v1/namespace/push-credentials', 'acme')).body.configured).toEqual(['apns']);
  for (let i = 0; i < 2; i++)
    expect(await relay.ask(`DELETE ${at('apns')}`, 'acme')).toMatchObject({ status: 200, body: { configured: false } });
  expect((await relay.ask('GET /v1/namespace/push-credentials', 'acme')).body.configured).toEqual([]);
});

test('what is set is what sends: a device of the namespace gets a push by its own credential', async () => {
  const relay = await startSeedRelay();
  const send = () => relay.ask('POST /v1/push/send', 'acme', { user_id: 'ada', title: 'Hi' });
  await relay.ask(`PUT ${at('apns')}`, 'acme', APNS);
  await relay.ask('POST /v1/push/devices', 'acme', {
    user_id: 'ada',
    device_id: 'd',
    provider: 'apns',
    token: 'ab'.repeat(32),
  });
  expect(await send()).toMatchObject({ status: 200, body: { devices_succeeded: 1 } });
  await relay.ask(`DELETE ${at('apns')}`, 'acme');
});

test('a namespace without any credential is told how to set one: 503 (O3)', async () => {
  const relay = await startSeedRelay({
    apps: { acme: { default_topic: 'com.acme.app' } },
    sandbox: { enabled: false },
    slack: { token: 'xoxb-1' },
  });
  const told = await relay.ask('POST /v1/push/send', 'acme', { user_id: 'ada', title: 'Hi' });
  expect(told.status).toBe(503);
  expect(told.body.error).toBe(
    'push not configured for namespace; set credentials via PUT /v1/namespace/push-credentials/{provider} or legacy /v1/push/config',
  );
});

test('an app of config.yml is changed there alone: 409', async () => {
  const relay = await startSeedRelay({ apps: { acme: { default_topic: 'com.acme.app' } } });
  for (const method of ['PUT', 'POST'])
    expect([method, (await relay.ask(`${method} ${at('apns')}`, 'acme', APNS)).status]).toEqual([method, 409]);
  expect((await relay.ask('PUT /v1/push/config', 'acme', { expo_access_token: 'x' })).status).toBe(409);
});

describe('credentials that are refused', () => {
  let relay: SeedRelay;
  beforeAll(async () => {
    relay = await openSeedRelay();
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  test.each([
    ['team_id missing', 'apns', { ...APNS, team_id: undefined }],
    ['team_id short', 'apns', { ...APNS, team_id: 'SHORT' }],
    ['key_id short', 'apns', { ...APNS, key_id: 'X' }],
    ['bundle_id missing', 'apns', { ...APNS, bundle_id: undefined }],
    ['bundle_id without a dot', 'apns', { ...APNS, bundle_id: 'acme' }],
    ['p8_key missing', 'apns', { ...APNS, p8_key: undefined }],
    ['p8_key not PEM', 'apns', { ...APNS, p8_key: 'abc' }],
    ['p8_key that cannot sign (V23)', 'apns', { ...APNS, p8_key: P8.replaceAll(/[A-Z]{4}/g, 'AAAA') }],
    ['environment bad', 'apns', { ...APNS, environment: 'moon' }],
    ['environment missing', 'apns', { ...APNS, environment: undefined }],
    ['an unknown field', 'apns', { ...APNS, teamid: 'x' }],
    ['ftp', 'ntfy', { base_url: 'ftp://ntfy.example.com' }],
    ['no scheme', 'ntfy', { base_url: 'ntfy.example.com' }],
    ['topic_mode, which does nothing (V25)', 'ntfy', { base_url: 'https://ntfy.sh', topic_mode: 'path' }],
    ['an access token missing', 'expo', {}],
    ['no service account', 'fcm', { project_id: 'x' }],
    ['an unsupported provider', 'pigeon', APNS],
    ['empty', 'apns', {}],
    ['no JSON', 'apns', '{'],
  ])('%s is 400, in the words of the original, and nothing is kept (O82, O123)', async (_, provider, body) => {
    const told = await relay.ask(`PUT ${at(provider)}`, 'acme', body);
    expect(told.status, told.text).toBe(400);
    expect(told.body.error).toEqual(expect.any(String));
    expect(told.text).not.toContain('PRIVATE KEY');
    expect((await relay.ask('GET /v1/namespace/push-credentials', 'acme')).body.configured).toEqual([]);
  });
});

describe('addresses that are refused', () => {
  let relay: SeedRelay;
  beforeAll(async () => {
    relay = await openSeedRelay({ sandbox: { enabled: false }, ntfy: { endpoint: 'http://127.0.0.1:1' } });
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  test.each([
    'http://127.0.0.1:2586',
    'http://10.0.0.5',
    'http://169.254.169.254',
    'http://0x7f000001',
    'http://2130706433',
    'http://[fd00::1]',
    'http://localhost:2586',
  ])('a server at %s is refused, by credential and by config (O70, O125, O126)', async (base_url) => {
    expect((await relay.ask(`PUT ${at('ntfy')}`, 'acme', { base_url })).status).toBe(400);
    const told = await relay.ask('PUT /v1/push/config', 'acme', { ntfy_base_url: base_url });
    expect(told.status, told.text).toBe(400);
    expect(told.body.error).toContain('ntfy_base_url rejected');
  });
});

test('who is no administrator, or of another namespace, can neither write, read nor delete (O125)', async () => {
  const relay = await startSeedRelay();
  await relay.ask(`PUT ${at('apns')}`, 'acme', APNS);
  const ada = await relay.tokenOf('ada');
  const lines = [
    `PUT ${at('apns')}`,
    `GET ${at('apns')}`,
    `DELETE ${at('apns')}`,
    'GET /v1/push/config',
    'PUT /v1/push/config',
  ];
  for (const line of lines) {
    const body = line.startsWith('PUT') ? APNS : undefined;
    expect((await relay.ask(line, '', body)).status, line).toBe(401);
    expect((await relay.ask(line, 'reader', body)).status, line).toBe(403);
    expect((await relay.ask(line, ada, body)).status, line).toBe(403);
    expect((await relay.ask(`${line}?app=acme`, 'globex', body)).status, line).toBe(403);
  }
  expect((await relay.ask(`GET ${at('apns')}`, 'acme')).body.configured).toBe(true);
});

test('bodies that are too long are 413', async () => {
  const relay = await startSeedRelay();
  expect((await relay.ask(`PUT ${at('apns')}`, 'acme', { ...APNS, p8_key: 'x'.repeat(33_000) })).status).toBe(413);
  expect((await relay.ask('PUT /v1/push/config', 'acme', { expo_access_token: 'x'.repeat(17_000) })).status).toBe(413);
});

test('the configuration says which tokens there are, not what they are; absent leaves, empty clears (O9, O126, V22)', async () => {
  const relay = await startSeedRelay();
  const none = { namespace: 'acme', has_ntfy_auth_token: false, has_expo_access_token: false };
  expect((await relay.ask('GET /v1/push/config', 'acme')).body).toEqual(none);
  const put = (body: object) => relay.ask('PUT /v1/push/config', 'acme', body);
  expect((await put({ expo_access_token: 'canary-expo' })).body).toMatchObject({
    ...none,
    has_expo_access_token: true,
    updated_by: 'key:acme',
  });
  const both = await put({ ntfy_base_url: 'https://ntfy.sh', ntfy_auth_token: 'canary-ntfy' });
  expect(both.body).toMatchObject({
    ntfy_base_url: 'https://ntfy.sh',
    has_ntfy_auth_token: true,
    has_expo_access_token: true,
  });
  expect(both.text).not.toContain('canary');
  expect((await put({ ntfy_auth_token: '' })).body).toMatchObject({
    ntfy_base_url: 'https://ntfy.sh',
    has_ntfy_auth_token: false,
  });
  expect((await put({ ntfy_url: 'x' })).status).toBe(400);
  expect((await relay.ask('DELETE /v1/push/config', 'acme')).body).toEqual({ status: 'cleared' });
  expect((await relay.ask('GET /v1/push/config', 'acme')).body).toMatchObject(none);
});

test('a token without a server of the same namespace goes to no other server (V10)', async () => {
  const relay = await startSeedRelay({ ntfy: { endpoint: 'http://127.0.0.1:1', token: 'tk_operator' } });
  expect((await relay.ask('PUT /v1/push/config', 'acme', { ntfy_auth_token: 'x' })).status).toBe(400);
});
