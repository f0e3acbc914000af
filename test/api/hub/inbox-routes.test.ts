import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { apnsToken, openSeedRelay, type SeedRelay } from './seed-relay.ts';

let relay: SeedRelay;
beforeAll(async () => {
  relay = await openSeedRelay();
});
afterAll(() => relay[Symbol.asyncDispose]());

interface Delivered {
  readonly platform: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
  readonly payload: any;
}

const deliveries = async (): Promise<readonly Delivered[]> =>
  (await relay.ask('GET /sandbox/deliveries?limit=1000', 'boss')).body.deliveries;

test('what is read on one device is taken away on the others, as Apple and Google want it said', async () => {
  const tokens = { ios: apnsToken(7001), android: 'android-token-of-the-inbox', expo: 'ExponentPushToken[inbox]' };
  for (const [platform, token] of Object.entries(tokens))
    await relay.ask(`PUT /v1/devices/${platform}`, 'boss', { user: 'ada', platform, token });
  await relay.ask('PUT /v1/devices/desk', 'boss', { user: 'ada', platform: 'ntfy', token: 'ada-desk' });
  for (const id of ['n1', 'n2']) {
    const body = { id, title: 'Hello', message: 'from the hub', to: { users: ['ada'] }, mode: 'push_only' };
    await relay.ask('POST /v1/notifications', 'boss', body);
    await eventually(async () => {
      const { people } = (await relay.ask(`GET /v1/notifications/${id}`, 'boss')).body;
      expect(people[0].decisions.map(({ state }: { state: string }) => state)).toEqual(Array(4).fill('sent'));
    });
  }
  const before = (await deliveries()).length;
  const ada = await relay.tokenOf('ada');
  const read = await relay.ask('POST /v1/users/ada/notifications/n1/read', ada, { clear: true, device: 'android' });
  expect(read).toMatchObject({ status: 200, body: { unread: 1 } });
  const cleared = await eventually(async () => {
    const all = await deliveries();
    const fresh = all.slice(0, all.length - before);
    expect(fresh.map(({ platform }) => platform).toSorted()).toEqual(['expo', 'ios']);
    return fresh;
  });
  const [expo, ios] = cleared.toSorted((a, b) => (a.platform < b.platform ? -1 : 1)) as [Delivered, Delivered];
  expect(ios.payload).toEqual({
    ...{ aps: { badge: 1, 'content-available': 1 }, clear: 'read', unread: '1', notification_id: 'n1' },
  });
  expect(ios.headers).toMatchObject({ 'apns-priority': '5', 'apns-push-type': 'alert' });
  expect(expo.payload).toMatchObject({ badge: 1, _contentAvailable: true, data: { clear: 'read', unread: '1' } });
  expect(expo.payload).not.toHaveProperty('sound');
  await relay.ask('POST /v1/users/ada/notifications/read-all', ada, { clear: true });
  const data = await eventually(async () => {
    const found = (await deliveries()).find(
      ({ platform, payload }) => platform === 'android' && payload.message?.data?.clear,
    );
    expect(found).toBeDefined();
    return (found as Delivered).payload.message;
  });
  expect(data).toMatchObject({ data: { clear: 'all', unread: '0', notification_id: 'n2' } });
  expect(data).not.toHaveProperty('notification');
});

test.each([
  ['read', { clear: 'yes' }, 'clear'],
  ['read', { device: '' }, 'device'],
  ['read', { before: '2026-12-01T09:00:00Z' }, 'before'],
  ['read-all', { before: 'yesterday' }, 'before'],
  ['read-all', { claer: true }, 'claer'],
  ['read-all', [], ''],
])('%s with %j is 422', async (word, body, path) => {
  await relay.ask('PUT /v1/users/bob', 'boss', {});
  const place = word === 'read' ? 'n1/read' : word;
  const { status, body: told } = await relay.ask(`POST /v1/users/bob/notifications/${place}`, 'boss', body);
  expect(status).toBe(422);
  expect(told.details[0].path).toBe(path);
});
