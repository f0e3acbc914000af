import { expect, test } from 'vitest';
import { apnsToken, type SeedRelay, startSeedRelay } from '../seed-relay.ts';

const FCM = 'fcm-token-of-a-phone:APA91bHun4MxP5egoKMwt2KZFBaFUH';
const phone = (n: number, more: object = {}) => ({
  registration_id: apnsToken(n),
  name: `phone ${n}`,
  device_id: `D-${n}`,
  ...more,
});
const list = async (relay: SeedRelay, key: string, table = 'apns') =>
  (await relay.ask(`GET /api/push/${table}/`, key)).body;

test.each(['', '/'])(
  'a device is registered, shown whole to its owner, changed and removed (paths end in "%s")',
  async (end) => {
    const relay = await startSeedRelay();
    const ada = await relay.tokenOf('ada');
    const made = await relay.ask(`POST /api/push/apns${end}`, ada, phone(1));
    expect(made).toMatchObject({
      status: 201,
      body: {
        registration_id: apnsToken(1),
        name: 'phone 1',
        device_id: 'D-1',
        active: true,
        date_created: expect.any(String),
      },
    });
    const one = `/api/push/apns/${apnsToken(1)}${end}`;
    expect((await relay.ask(`GET ${one}`, ada)).body).toEqual(made.body);
    expect((await relay.ask(`PATCH ${one}`, ada, { active: false })).body).toMatchObject({
      ...made.body,
      active: false,
    });
    expect((await relay.ask(`PATCH ${one}`, ada, { active: true, name: 'mine' })).body).toMatchObject({
      name: 'mine',
      active: true,
      device_id: 'D-1',
    });
    const put = { registration_id: apnsToken(1), name: null };
    expect((await relay.ask(`PUT ${one}`, ada, put)).body).toMatchObject({ name: null, device_id: 'D-1' });
    expect((await relay.ask(`PUT ${one}`, ada, {})).status).toBe(400);
    expect((await relay.ask(`DELETE ${one}`, ada)).status).toBe(204);
    expect((await relay.ask(`GET ${one}`, ada)).status).toBe(404);
  },
);

test('the same registration again is 200 and one row; the list is an array, newest first', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  expect((await relay.ask('POST /api/push/apns/', ada, phone(1))).status).toBe(201);
  expect(await relay.ask('POST /api/push/apns/', ada, phone(1, { name: 'renamed' }))).toMatchObject({
    status: 200,
    body: { name: 'renamed' },
  });
  await relay.ask('POST /api/push/apns/', ada, phone(2));
  const names = (await list(relay, ada)).map(({ name }: { name: string }) => name);
  expect(names.toSorted()).toEqual(['phone 2', 'renamed']);
  expect(await list(relay, ada, 'gcm')).toEqual([]);
});

test('gcm has cloud_message_type, which is FCM unless it is said', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  const made = await relay.ask('POST /api/push/gcm/', ada, { registration_id: FCM });
  expect(made).toMatchObject({ status: 201, body: { cloud_message_type: 'FCM', name: null, device_id: null } });
  const wrong = await relay.ask('POST /api/push/gcm/', ada, { registration_id: FCM, cloud_message_type: 'XMPP' });
  expect(wrong).toMatchObject({ status: 400, body: { cloud_message_type: [expect.any(String)], code: 400 } });
});

test('mistakes have the form of Django, with code and message beside it', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  const post = (body: unknown, key = ada) => relay.ask('POST /api/push/apns/', key, body);
  expect(await post({})).toMatchObject({
    status: 400,
    body: { registration_id: ['This field is required.'], code: 400 },
  });
  expect((await post({ registration_id: 'not hex' })).body).toMatchObject({
    registration_id: [expect.any(String)],
    code: 400,
  });
  expect((await post(phone(1, { active: 'yes' }))).body).toMatchObject({ active: ['Must be a valid boolean.'] });
  expect((await post(phone(1), 'boss')).body).toMatchObject({ user_id: [expect.any(String)], code: 400 });
  expect(await post('{')).toMatchObject({ status: 400, body: { detail: expect.any(String), code: 400 } });
  expect(await relay.ask(`GET /api/push/apns/${apnsToken(5)}/`, ada)).toMatchObject({
    status: 404,
    body: { detail: 'Not found.', code: 404, message: 'Not found.' },
  });
  expect((await post(phone(1), 'reader')).status).toBe(403);
});

test('the device of another person is not there, and a back end sees it masked', async () => {
  const relay = await startSeedRelay();
  const [ada, bob] = [await relay.tokenOf('ada'), await relay.tokenOf('bob')];
  await relay.ask('POST /api/push/apns/', ada, phone(1));
  const one = `/api/push/apns/${apnsToken(1)}/`;
  for (const line of [`GET ${one}`, `PATCH ${one}`, `PUT ${one}`, `DELETE ${one}`])
    expect((await relay.ask(line, bob, line.startsWith('P') ? phone(1) : undefined)).status, line).toBe(404);
  const seen = await relay.ask('GET /api/push/apns/?user_id=ada', 'boss');
  expect(seen.body[0]).toMatchObject({ user_id: 'ada', device_id: 'D-1' });
  expect(seen.text).not.toContain(apnsToken(1));
});

test('what django registers is a device of the hub, and the other way round', async () => {
  const relay = await startSeedRelay();
  const ada = await relay.tokenOf('ada');
  await relay.ask('POST /api/push/apns/', ada, phone(1));
  expect((await relay.ask('GET /v1/push/devices', ada)).body.devices).toMatchObject([
    { device_id: 'D-1', provider: 'apns' },
  ]);
  await relay.ask('POST /v1/push/devices', ada, { device_id: 'D-2', provider: 'apns', token: apnsToken(2) });
  expect((await list(relay, ada)).map(({ device_id }: { device_id: string }) => device_id).toSorted()).toEqual([
    'D-1',
    'D-2',
  ]);
});

test('the test endpoint sends to the devices of who asks, where hub.test_endpoint is on', async () => {
  const relay = await startSeedRelay({ hub: { test_endpoint: true } });
  const ada = await relay.tokenOf('ada');
  await relay.ask('POST /api/push/apns/', ada, phone(1));
  expect(await relay.ask('POST /api/push/test/', ada, { title: 'Test', message: 'Hello' })).toMatchObject({
    status: 200,
    body: { status: 'ok', devices_attempted: 1, devices_succeeded: 1 },
  });
  const [delivery] = (await relay.ask('GET /sandbox/deliveries', 'boss')).body.deliveries;
  expect(JSON.stringify(delivery)).toContain('Hello');
});

test('without it there is no such route', async () => {
  const relay = await startSeedRelay();
  expect((await relay.ask('POST /api/push/test/', await relay.tokenOf('ada'), {})).status).toBe(404);
});
