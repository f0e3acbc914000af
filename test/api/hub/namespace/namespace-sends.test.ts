import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apnsToken, openSeedRelay, type SeedRelay, startSeedRelay } from '../seed-relay.ts';

const APPS = { apps: { acme: {}, globex: {} } };
/** 400 BadDeviceToken, and 410 ExpiredToken, since before it was registered. */
const DEAD = `dead0400${'0'.repeat(56)}`;
const OLD = `dead1410${'0'.repeat(56)}`;

const register = (
  relay: SeedRelay,
  user_id: string,
  device_id: string,
  provider: string,
  token: string,
  key = 'boss',
) => relay.ask('POST /v1/push/devices', key, { user_id, device_id, provider, token });

interface Delivery {
  readonly token: string;
  readonly headers?: Record<string, string>;
  readonly payload?: Record<string, unknown>;
}

const delivered = async (relay: SeedRelay): Promise<(Delivery & Record<string, unknown>)[]> =>
  (await relay.ask('GET /sandbox/deliveries?limit=100', 'boss')).body.deliveries;

test('a send reaches every device of the person, and says what became of each (O12, O17, O34)', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'phone', 'apns', apnsToken(1));
  await register(relay, 'ada', 'calls', 'apns_voip', apnsToken(2));
  await register(relay, 'ada', 'tablet', 'fcm', 'fcm-token-of-a-phone:APA91bHun4MxP5egoKMwt2KZFBaFUH');
  await register(relay, 'bob', 'phone', 'apns', apnsToken(3));
  const told = await relay.ask('POST /v1/push/send', 'boss', {
    user_id: 'ada',
    title: 'Hi',
    body: 'there',
    data: { order: '42' },
  });
  expect(told.status, told.text).toBe(200);
  expect(told.body).toMatchObject({ status: 'ok', devices_attempted: 3, devices_succeeded: 3 });
  expect(told.body.results).toContainEqual({
    ...{ device_id: 'phone', provider: 'apns', success: true, http_status: 200, unregistered: false },
  });
  expect((await delivered(relay)).map(({ target }) => target)).not.toContain(apnsToken(3));
  expect(await delivered(relay)).toHaveLength(3);
});

test('nobody there is 200, and says so (O11, O35, V30)', async () => {
  const relay = await startSeedRelay();
  expect((await relay.ask('POST /v1/push/send', 'boss', { user_id: 'nobody', body: 'x' })).body).toEqual({
    ...{ status: 'ok', devices_attempted: 0, devices_succeeded: 0, results: [], no_channel: true },
  });
});

test('a dead token is 502 with its reason, is gone before the next push, and no other device fails for it (O14, O19, V2)', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'old', 'apns', DEAD);
  await register(relay, 'ada', 'new', 'apns', apnsToken(2));
  const told = await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' });
  expect(told).toMatchObject({
    status: 502,
    body: { error: 'one or more devices failed', code: 502, devices_attempted: 2, devices_succeeded: 1 },
  });
  expect(told.body.results).toContainEqual(
    expect.objectContaining({
      device_id: 'old',
      success: false,
      http_status: 400,
      reason: 'BadDeviceToken',
      unregistered: true,
    }),
  );
  expect(told.text).not.toContain(DEAD);
  await expect
    .poll(async () => (await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' })).body)
    .toMatchObject({ status: 'ok', devices_attempted: 1, devices_succeeded: 1 });
});

/** Removals are paused, as after many dead devices at once, and the device's provider had called it dead. */
async function suspect(relay: SeedRelay, token: string): Promise<void> {
  const until = Date.now() + 600_000;
  const [device] = (await relay.hub?.devices.byToken('default', 'ios', token)) ?? [];
  await relay.hub?.store.write(async (tx) => {
    const meta = { key: 'devices.removals_paused:default', value: String(until) };
    await tx
      .insertInto('meta')
      .values(meta)
      .onConflict((conflict) => conflict.column('key').doUpdateSet(meta))
      .execute();
    const kept = JSON.stringify({ reason: 'Unregistered', at: Date.now(), until });
    await tx.updateTable('devices').set({ suspect: kept }).where('id', '=', String(device?.id)).execute();
  });
}

test('a device whose death is doubted gets one push, and no other until it is taken or dead', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'doubted', 'apns', DEAD);
  await suspect(relay, DEAD);
  const send = async () => (await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' })).body;
  const both = await Promise.all([send(), send()]);
  expect(both.map(({ devices_attempted: sent }) => sent).toSorted()).toEqual([0, 1]);
  expect(await send()).toMatchObject({ status: 'ok', devices_attempted: 0, no_channel: true });
});

test('a device whose death is doubted is doubted no more once a push to it is taken', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'doubted', 'apns', apnsToken(1));
  await suspect(relay, apnsToken(1));
  const send = async () => (await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' })).body;
  expect(await send()).toMatchObject({ devices_attempted: 1, devices_succeeded: 1 });
  const isDoubted = async () => (await relay.hub?.devices.byToken('default', 'ios', apnsToken(1)))?.[0]?.suspect;
  await expect.poll(isDoubted).toBeUndefined();
  expect(await send()).toMatchObject({ devices_attempted: 1, devices_succeeded: 1 });
});

test('what never left to a device whose death is doubted is not its one push', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'doubted', 'apns', apnsToken(1));
  await suspect(relay, apnsToken(1));
  const send = async (push: object) =>
    (await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', ...push })).body;
  expect((await send({ data: { only: 'data' } })).results).toEqual([
    expect.objectContaining({ reason: 'EmptyContent' }),
  ]);
  expect(await send({ title: 'Hi' })).toMatchObject({ devices_attempted: 1, devices_succeeded: 1 });
});

test('a retry with the same Idempotency-Key sends only what failed, until all of it is done (V6)', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'good', 'apns', apnsToken(1));
  await register(relay, 'ada', 'bad', 'fcm', 'sandbox-down-for-a-while');
  const send = async (key: string, title = 'Hi') => {
    const headers = { Authorization: 'Bearer boss', 'Idempotency-Key': key };
    const body = JSON.stringify({ user_id: 'ada', title, ttl: 2 });
    const response = await fetch(`${relay.url}/v1/push/send`, { method: 'POST', headers, body });
    const told = (await response.json()) as { results: { device_id: string; success: boolean }[] };
    return { ...told, status: response.status, replayed: response.headers.get('idempotency-replayed') };
  };
  const outcomes = ({ results }: { results: { device_id: string; success: boolean }[] }) =>
    Object.fromEntries(results.map(({ device_id, success }) => [device_id, success]));
  const first = await send('k1');
  expect([first.status, outcomes(first)]).toEqual([502, { good: true, bad: false }]);
  const second = await send('k1');
  expect([second.status, outcomes(second)]).toEqual([502, { good: true, bad: false }]);
  expect(await delivered(relay)).toHaveLength(1);
  expect((await send('k1', 'other')).status).toBe(422);
  await register(relay, 'ada', 'bad', 'apns', apnsToken(2));
  const third = await send('k1');
  expect([third.status, outcomes(third)]).toEqual([200, { good: true, bad: true }]);
  expect((await delivered(relay)).map(({ target }) => target).toSorted()).toEqual([apnsToken(1), apnsToken(2)]);
  expect(await send('k1')).toMatchObject({ status: 200, replayed: 'true', devices_succeeded: 2 });
  expect(await delivered(relay)).toHaveLength(2);
  expect((await send('k2')).status).toBe(200);
  expect(await delivered(relay)).toHaveLength(4);
});

test('a token that was registered after the time since when its provider calls it dead stays (V2)', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'back again', 'apns', OLD);
  const send = () => relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi' });
  expect((await send()).body.results).toEqual([
    expect.objectContaining({ http_status: 410, reason: 'ExpiredToken', unregistered: true }),
  ]);
  expect((await relay.ask('GET /v1/push/devices?user_id=ada', 'boss')).body.devices[0].status).toBe('active');
});

test('target_provider and exclude_provider choose, and the target counts before the exclusion (O22 to O29, V7)', async () => {
  const relay = await startSeedRelay();
  await register(relay, 'ada', 'phone', 'apns', apnsToken(1));
  await register(relay, 'ada', 'calls', 'apns_voip', apnsToken(2));
  const to = async (more: object): Promise<string[]> =>
    (await relay.ask('POST /v1/push/send', 'boss', { user_id: 'ada', title: 'Hi', ...more })).body.results.map(
      ({ provider }: { provider: string }) => provider,
    );
  expect(await to({ target_provider: 'apns' })).toEqual(['apns']);
  expect(await to({ target_provider: 'apns_voip' })).toEqual(['apns_voip']);
  expect((await to({})).toSorted()).toEqual(['apns', 'apns_voip']);
  expect(await to({ exclude_provider: 'apns_voip' })).toEqual(['apns']);
  expect(await to({ target_provider: 'apns', exclude_provider: 'apns' })).toEqual(['apns']);
  expect(await to({ target_provider: 'expo' })).toEqual([]);
  expect((await to({ exclude_provider: 'expo' })).toSorted()).toEqual(['apns', 'apns_voip']);
});

test('who may not send gets 401 or 403, and what is no message 400 or 413 (O121)', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  const send = async (key: string, body: unknown) => (await relay.ask('POST /v1/push/send', key, body)).status;
  expect(await send('', { user_id: 'ada', body: 'x' })).toBe(401);
  expect(await send('reader', { user_id: 'ada', body: 'x' })).toBe(403);
  expect(await send(ada, { user_id: 'ada', body: 'x' })).toBe(403);
  expect(await send('boss', { body: 'x' })).toBe(400);
  expect(await send('boss', { user_id: 'ada', body: 'x', priority: 'urgent' })).toBe(400);
  expect(await send('boss', { user_id: 'ada', body: 'x', badge: -1 })).toBe(400);
  expect(await send('boss', { user_id: 'ada', body: 'x', titel: 'y' })).toBe(400);
  expect(await send('boss', '{')).toBe(400);
  expect(await send('boss', { user_id: 'ada', body: 'x'.repeat(70_000) })).toBe(413);
  expect((await relay.ask('GET /v1/push/send', 'boss')).status).toBe(405);
});

const secretOf = (): string => randomBytes(32).toString('hex');
const idOf = (secret: string): string => createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex');

test('a topic is reached by the hash of its secret, which nobody keeps (O127, O128, O54)', async () => {
  const relay = await startSeedRelay();
  const begun = Date.now();
  const [ada, secret] = [await relay.tokenOf('ada'), secretOf()];
  const made = await relay.ask('POST /v1/push/topics', ada, {
    topic_secret: secret,
    provider: 'apns',
    token: apnsToken(7),
  });
  expect(made).toMatchObject({ status: 200, body: { topic_id: idOf(secret) } });
  const ends = Date.parse(made.body.expires_at);
  expect(ends % 86_400_000).toBe(0);
  expect(ends).toBeGreaterThanOrEqual(begun + 7 * 86_400_000);
  const send = (topic_id: string, key = 'boss') =>
    relay.ask('POST /v1/push/topics/send', key, { topic_id, title: 'Hi' });
  expect(await send(idOf(secret))).toMatchObject({ status: 200, body: { devices_attempted: 1, devices_succeeded: 1 } });
  expect((await send(secret)).status, 'the secret is no address').toBe(404);
  expect((await send('x')).status).toBe(400);
  expect((await send(idOf(secretOf()))).status).toBe(404);
  expect((await relay.ask('DELETE /v1/push/topics', ada, { topic_secret: secretOf() })).status).toBe(404);
  expect((await relay.ask('DELETE /v1/push/topics', ada, { topic_secret: secret })).status).toBe(200);
  expect((await send(idOf(secret))).status).toBe(404);
});

test('a topic is removed by a header or a POST where a proxy drops the body of DELETE (V29)', async () => {
  const relay = await startSeedRelay();
  const [one, two] = [secretOf(), secretOf()];
  for (const [n, topic_secret] of [one, two].entries())
    await relay.ask('POST /v1/push/topics', 'boss', { topic_secret, provider: 'apns', token: apnsToken(n + 1) });
  const headers = { 'X-Api-Key': 'boss', 'X-Topic-Secret': one };
  expect((await fetch(`${relay.url}/v1/push/topics`, { method: 'DELETE', headers })).status).toBe(200);
  expect((await relay.ask('POST /v1/push/topics/remove', 'boss', { topic_secret: two })).status).toBe(200);
});

test('two apps with one secret do not share its topic, and a dead token ends it (O128, O60)', async () => {
  const relay = await startSeedRelay(APPS);
  const topic_secret = secretOf();
  await relay.ask('POST /v1/push/topics', 'acme', { topic_secret, provider: 'apns', token: DEAD });
  const send = (key: string) =>
    relay.ask('POST /v1/push/topics/send', key, { topic_id: idOf(topic_secret), title: 'Hi' });
  expect((await send('globex')).status).toBe(404);
});

describe('secrets that are refused', () => {
  let relay: SeedRelay;
  beforeAll(async () => {
    relay = await openSeedRelay();
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  test.each([
    ['15 bytes', 'ab'.repeat(15)],
    ['65 bytes', 'ab'.repeat(65)],
    ['an odd digit', 'a'.repeat(33)],
    ['no hexadecimal', 'xy'.repeat(16)],
    ['base64', randomBytes(24).toString('base64')],
  ])('a secret of %s is 400, and never repeated (O52)', async (_, topic_secret) => {
    const told = await relay.ask('POST /v1/push/topics', 'boss', {
      topic_secret,
      provider: 'apns',
      token: apnsToken(1),
    });
    expect(told.status).toBe(400);
    expect(told.text).not.toContain(topic_secret);
  });
});
