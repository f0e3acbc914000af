import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseMasterKeys } from '../../../../src/apps/store/master-keys.ts';
import { openHubStore } from '../../../../src/hub/storage/open-hub-store.ts';
import { change, directory, phone } from '../../../hub/directory.ts';
import { apnsToken, type SeedRelay, startSeedRelay } from '../seed-relay.ts';

const P8 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const APNS = {
  ...{ team_id: 'DEF123GHIJ', key_id: 'ABC123DEFG', bundle_id: 'com.acme.app', p8_key: P8, environment: 'sandbox' },
};

const register = (relay: SeedRelay, device_id: string, provider: string, token: string, key = 'boss') =>
  relay.ask('POST /v1/push/devices', key, { user_id: 'ada', device_id, provider, token });

const delivered = async (
  relay: SeedRelay,
): Promise<{ readonly target: string; readonly payload: { title?: string } }[]> =>
  (await relay.ask('GET /sandbox/deliveries?limit=100', 'boss')).body.deliveries;

test('a credential that is set again and again is the same credential: Apple sees no token made too soon (V1)', async () => {
  const relay = await startSeedRelay();
  await relay.ask('PUT /v1/namespace/push-credentials/apns', 'acme', APNS);
  await register(relay, 'phone', 'apns', apnsToken(1), 'acme');
  await register(relay, 'calls', 'apns_voip', apnsToken(2), 'acme');
  for (let turn = 1; turn <= 5; turn++) {
    // The simulated APNs refuses a provider token that is renewed within 20 minutes, as Apple does.
    const told = await relay.ask('POST /v1/push/send', 'acme', { user_id: 'ada', title: `turn ${turn}` });
    expect(told, told.text).toMatchObject({ status: 200, body: { devices_succeeded: 2 } });
    await relay.ask('PUT /v1/namespace/push-credentials/apns', 'acme', APNS);
  }
});

test('a provider that hangs holds up no other device, and the answer does not wait for it for ever (V4)', async () => {
  const relay = await startSeedRelay({ core: { sync_timeout: 2, shutdown_timeout: 1 } });
  for (let number = 1; number < 20; number++) await register(relay, `phone-${number}`, 'apns', apnsToken(number));
  await register(relay, 'hangs', 'fcm', 'sandbox-silent-for-ever');
  const told = await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' });
  expect(told).toMatchObject({ status: 200, body: { devices_attempted: 20, devices_succeeded: 19 } });
  const [pending, ...others] = told.body.results.filter(({ success }: { success: boolean }) => !success);
  expect([pending, ...others]).toEqual([expect.objectContaining({ device_id: 'hangs', reason: 'Pending' })]);
  expect(await delivered(relay)).toHaveLength(19);
});

test('a provider that is down for a moment gets the push once it is up, once (V5)', async () => {
  const relay = await startSeedRelay({ queue: { local: { path: '' }, backoff: 0.1 } });
  await register(relay, 'phone', 'apns', `dead0503${'0'.repeat(56)}`);
  const told = await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' });
  expect(told, told.text).toMatchObject({ status: 200, body: { devices_succeeded: 1 } });
  expect(await delivered(relay)).toHaveLength(1);
});

test('after the store was sealed with another master key, a token that is registered again still has one owner (V13)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-resealed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [first, second] = [0, 1].map(() => randomBytes(32).toString('base64'));
  const open = (keys: string) =>
    openHubStore({
      ...{ path: join(folder, 'hub.db'), postgres: '', tell: () => {} },
      master: parseMasterKeys(keys, 'test'),
    });
  for (const [keys, user] of [
    [first, 'ada'],
    [`${second},${first}`, 'bob'],
    [second, 'cyd'],
  ] as [string, string][]) {
    const store = await open(keys);
    const { devices } = directory(store);
    await devices.put(change, `of-${user}`, phone(1, { user }));
    const rows = await store.db.selectFrom('devices').select('id').execute();
    await store.close();
    expect(rows).toEqual([{ id: `of-${user}` }]);
  }
});

test('any title arrives, with line breaks and whatever letters (V16)', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ntfy', 'ntfy', 'ada-desk');
  const title = 'Ünïcødé 🎉\nsecond line\r\nX-Injected: yes';
  const told = await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title, body: 'Привет' });
  expect(told).toMatchObject({ status: 200, body: { devices_succeeded: 1 } });
  expect(await delivered(relay)).toMatchObject([{ payload: { title, message: 'Привет' } }]);
});

test('nothing that can be seen has a token, however it is written (V26)', async () => {
  const relay = await startSeedRelay();
  const tokens = {
    apns: `dead0400${'ca'.repeat(28)}`,
    fcm: 'sandbox-bad-token:canary/of+a=phone',
    expo: 'ExponentPushToken[canary+canary]',
  };
  for (const [provider, token] of Object.entries(tokens)) await register(relay, provider, provider, token);
  const told = await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' });
  const seen = [
    told.text,
    (await relay.ask('GET /v1/push/devices?user_id=ada', 'boss')).text,
    (await relay.ask('GET /v1/users/ada/devices', 'boss')).text,
    (await relay.ask('GET /v1/users/ada/export', 'boss')).text,
    (await relay.ask('GET /metrics', 'boss')).text,
    relay.errors(),
  ].join('\n');
  for (const token of Object.values(tokens))
    for (const form of [token, encodeURIComponent(token), Buffer.from(token).toString('base64')])
      expect(seen).not.toContain(form);
});
