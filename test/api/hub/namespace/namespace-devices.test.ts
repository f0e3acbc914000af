import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apnsToken, openSeedRelay, type SeedRelay, startSeedRelay } from '../seed-relay.ts';

const device = (n: number, more: object = {}) => ({
  ...{ device_id: `phone-${n}`, provider: 'apns', token: apnsToken(n), platform: 'ios', app_version: '1.2.3' },
  ...more,
});

test('a person registers a device, sees it without its token, and removes it (O117, O119, O120)', async () => {
  const relay = await startSeedRelay();
  const [ada, bob] = [await relay.tokenOf('ada'), await relay.tokenOf('bob')];
  const made = await relay.ask('POST /v1/push/devices', ada, device(1));
  expect(made).toMatchObject({ status: 200, body: { status: 'ok', device_id: 'phone-1', id: expect.any(String) } });
  const listed = await relay.ask('GET /v1/push/devices', ada);
  expect(listed.body.devices).toEqual([
    expect.objectContaining({
      id: made.body.id,
      device_id: 'phone-1',
      provider: 'apns',
      platform: 'ios',
      app_version: '1.2.3',
    }),
  ]);
  expect(listed.text).not.toContain(apnsToken(1));
  expect((await relay.ask('GET /v1/push/devices', bob)).body).toEqual({ devices: [] });
  expect((await relay.ask(`DELETE /v1/push/devices/${made.body.id}`, bob)).status).toBe(404);
  expect((await relay.ask('GET /v1/push/devices', ada)).body.devices).toHaveLength(1);
  expect((await relay.ask(`DELETE /v1/push/devices/${made.body.id}`, ada)).status).toBe(200);
  expect((await relay.ask(`DELETE /v1/push/devices/${made.body.id}`, ada)).status).toBe(404);
  expect((await relay.ask('DELETE /v1/push/devices/', ada)).status).toBe(400);
});

test('the same person and device again is the same row, with the newest token (O39)', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  const first = await relay.ask('POST /v1/push/devices', ada, device(1));
  const second = await relay.ask('POST /v1/push/devices', ada, device(1, { token: apnsToken(9) }));
  expect(second.body.id).toBe(first.body.id);
  expect((await relay.ask('GET /v1/push/devices', ada)).body.devices).toHaveLength(1);
});

test('a token has one owner in its app: the last who registered it; apps and kinds are apart (O40, O41, O43, O44)', async () => {
  const relay = await startSeedRelay({ apps: { acme: {}, globex: {} } });
  const owners = async () =>
    Promise.all(
      ['ada', 'bob'].map(
        async (user) => (await relay.ask(`GET /v1/push/devices?user_id=${user}`, 'acme')).body.devices.length,
      ),
    );
  const register = (user_id: string, more: object = {}, key = 'acme') =>
    relay.ask('POST /v1/push/devices', key, { user_id, ...device(1), ...more });
  await register('ada');
  await register('bob');
  expect(await owners()).toEqual([0, 1]);
  await register('ada');
  expect(await owners()).toEqual([1, 0]);
  await register('ada', {}, 'globex');
  expect(await owners()).toEqual([1, 0]);
  await register('ada', { provider: 'apns_voip', device_id: 'phone-1-voip' });
  expect(await owners()).toEqual([2, 0]);
});

test('a key names the person; a token of a person needs not, and may name no other (O118, O121, V2)', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  expect((await relay.ask('POST /v1/push/devices', 'boss', device(1))).status).toBe(400);
  const made = await relay.ask('POST /v1/push/devices', 'boss', { user_id: 'ada', ...device(1) });
  expect(made.status).toBe(200);
  expect((await relay.ask('POST /v1/push/devices', ada, { user_id: 'bob', ...device(2) })).status).toBe(403);
  expect((await relay.ask('GET /v1/push/devices?user_id=bob', ada)).status).toBe(403);
  expect((await relay.ask('GET /v1/push/devices', 'boss')).status).toBe(400);
  expect((await relay.ask('GET /v1/push/devices', 'reader')).status).toBe(403);
  expect((await relay.ask('GET /v1/push/devices', '')).status).toBe(401);
  expect((await relay.ask(`DELETE /v1/push/devices/${made.body.id}`, 'boss')).status).toBe(200);
});

test('a slash at the end and a query are overlooked (O124)', async () => {
  const relay = await startSeedRelay();
  const made = await relay.ask('POST /v1/push/devices/?x=1', 'boss', { user_id: 'ada', ...device(1) });
  expect(made.status).toBe(200);
  expect((await relay.ask('GET /v1/push/devices/?user_id=ada', 'boss')).body.devices).toHaveLength(1);
  expect((await relay.ask('POST /v1/push/send/', 'boss', { user_id: 'ada', title: 'Hi' })).status).toBe(200);
  expect((await relay.ask('GET /v1/namespace/push-credentials/apns/', 'boss')).body.provider).toBe('apns');
  expect((await relay.ask('DELETE /v1/push/devices/', 'boss')).status).toBe(400);
  expect((await relay.ask(`DELETE /v1/push/devices/${made.body.id}/`, 'boss')).status).toBe(200);
});

test.each([
  ['GET /v1/push/devices', 'error'],
  ['POST /v1/push/send', 'error'],
  ['PUT /v1/namespace/push-credentials/apns', 'error'],
  ['GET /api/push/apns/', 'detail'],
  ['POST /api/push/gcm', 'detail'],
  ['POST /api/push/test/?x=1', 'detail'],
])('%s without a key, with a wrong one and without its scope says so in %s, too', async (line, name) => {
  const relay = await startSeedRelay();
  const body = line.startsWith('GET') ? undefined : {};
  for (const [key, code] of [
    ['', 401],
    ['wrong', 401],
    ['reader', 403],
  ] as const) {
    const refused = await relay.ask(line, key, body);
    expect(refused).toMatchObject({ status: code, body: { code, message: expect.any(String) } });
    expect([key, refused.body[name]]).toEqual([key, refused.body.message]);
  }
});

describe('registrations that are refused', () => {
  let relay: SeedRelay;
  beforeAll(async () => {
    relay = await openSeedRelay();
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  test.each([
    ['no JSON', '{'],
    ['no device_id', device(1, { device_id: undefined })],
    ['an empty token', device(1, { token: '' })],
    ['a token that is too long', device(1, { token: 'a'.repeat(513) })],
    ['a token that is none of APNs', device(1, { token: 'xyz' })],
    ['a token that is a path of ntfy (V15)', device(1, { provider: 'ntfy', token: 'v1/account/token' })],
    ['a token that is none of Expo', device(1, { provider: 'expo', token: 'xyz' })],
    ['an unknown provider', device(1, { provider: 'pigeon' })],
    ['no provider', device(1, { provider: '' })],
    ['an unknown field (V21)', device(1, { tokn: 'x' })],
  ])('%s is 400 and names what is wrong, in both forms of errors', async (_, body) => {
    const { status, body: told } = await relay.ask('POST /v1/push/devices', await relay.tokenOf('ada'), body);
    expect(status).toBe(400);
    expect(told).toMatchObject({ error: expect.any(String), code: 400, message: told.error });
    expect((await relay.ask('GET /v1/push/devices?user_id=ada', 'boss')).body.devices).toEqual([]);
  });
});

test('a body over 4 KiB is 413, and another method 405', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  expect((await relay.ask('POST /v1/push/devices', ada, device(1, { app_version: 'x'.repeat(5000) }))).status).toBe(
    413,
  );
  expect((await relay.ask('PUT /v1/push/devices', ada, device(1))).status).toBe(405);
});

test('all providers that the app can push to are taken, fcm too', async () => {
  const relay = await startSeedRelay({ ntfy: { endpoint: 'http://127.0.0.1:1' } });
  const ada = await relay.tokenOf('ada');
  const tokens = {
    apns: apnsToken(1),
    apns_voip: apnsToken(2),
    expo: 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]',
    fcm: 'fcm-token-of-a-phone:APA91bHun4MxP5egoKMwt2KZFBaFUH',
  };
  for (const [provider, token] of Object.entries(tokens))
    expect(
      await relay.ask('POST /v1/push/devices', ada, { device_id: provider, provider, token }),
      provider,
    ).toMatchObject({ status: 200 });
  const { devices } = (await relay.ask('GET /v1/push/devices', ada)).body;
  expect(devices.map(({ provider }: { provider: string }) => provider).toSorted()).toEqual(
    Object.keys(tokens).toSorted(),
  );
});
