import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../support/sandbox-of-three.ts';
import { assertion, type Client, connect } from './provider-client.ts';

let sandbox: Sandbox;
let client: Client;
let authorization: string;
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

beforeAll(async () => {
  sandbox = await startSandbox();
  client = connect(sandbox, sandbox.fcm);
  const oauth = connect(sandbox, new URL(sandbox.tokenUri).origin);
  const form = new URLSearchParams({ grant_type: GRANT, assertion: assertion(sandbox) });
  const reply = await oauth.post('/token', { 'content-type': 'application/x-www-form-urlencoded' }, form.toString());
  authorization = `Bearer ${JSON.parse(reply.body).access_token}`;
  oauth.session.destroy();
});
afterAll(async () => {
  client.session.destroy();
  await sandbox.close();
});

async function send(body: unknown, more: Record<string, string> = {}) {
  const path = `/v1/projects/${sandbox.credentials.fcm.project_id}/messages:send`;
  const reply = await client.post(path, { authorization, ...more }, JSON.stringify(body));
  return { ...reply, json: JSON.parse(reply.body) };
}
const toToken = (message: object) => send({ message: { token: 'device', ...message } });

test('a message in either spelling is accepted and kept', async () => {
  const notification = { bodyLocKey: 'k', title: 'Hello', notification_priority: 'PRIORITY_HIGH' };
  const { status, json } = await toToken({
    android: { notification, ttl: '3.5s', priority: 'high' },
    data: { a: '1' },
  });
  expect(status).toBe(200);
  expect(json.name).toMatch(/^projects\/martlet-sandbox\/messages\/0:/);
  expect(sandbox.deliveries().at(-1)).toMatchObject({
    platform: 'android',
    kind: 'token',
    target: 'device',
    title: 'Hello',
    id: json.name,
  });
});

test('a dry run is answered with the fake id and delivers nothing', async () => {
  const before = sandbox.delivered();
  const { json } = await send({ message: { topic: 'news' }, validate_only: true });
  expect(json.name).toBe('projects/martlet-sandbox/messages/fake_message_id');
  expect(sandbox.delivered()).toBe(before);
});

describe('Google’s JSON mapping is kept:', () => {
  test.each([
    [{ nonsense: 1 }, 'Invalid JSON payload received. Unknown name "nonsense" at \'message\': Cannot find field.'],
    [{ data: { a: 12 } }, "Invalid value at 'message.data[0].value' (TYPE_STRING), 12"],
    [{ android: { ttl: '3600' } }, '\'message.android.ttl\' (TYPE_DURATION), "3600"'],
    [{ android: { priority: 'urgent' } }, "'message.android.priority' (TYPE_ENUM)"],
    [{ android: { notification: { sticky: 'yes' } } }, "'message.android.notification.sticky' (TYPE_BOOL)"],
    [
      { android: { notification: { title_loc_args: [1] } } },
      "'message.android.notification.title_loc_args[0]' (TYPE_STRING)",
    ],
    [{ notification: 'text' }, "'message.notification' (TYPE_MESSAGE)"],
  ])('%j', async (message, text) => {
    const { status, json } = await toToken(message);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT', message: expect.stringContaining(text) });
    expect(json.error.details[0].fieldViolations).toHaveLength(1);
  });
});

test('a message needs exactly one target and at most 4,096 bytes', async () => {
  expect((await send({ message: {} })).json.error.message).toBe('Recipient of the message is not set.');
  expect((await toToken({ topic: 'news' })).json.error.message).toBe('Recipient of the message is not set.');
  const { json } = await toToken({ data: { a: 'x'.repeat(4096) } });
  expect(json.error).toEqual({
    code: 400,
    message: 'Request contains an invalid argument.',
    status: 'INVALID_ARGUMENT',
  });
});

test('an unknown access token is answered 401, another project 403, another path 404 in HTML', async () => {
  expect((await send({}, { authorization: 'Bearer stale' })).json.error.status).toBe('UNAUTHENTICATED');
  const reply = await client.post('/v1/projects/other/messages:send', { authorization }, '{}');
  expect(reply.status).toBe(403);
  expect(await client.post('/v1/x', { authorization }, '{}')).toMatchObject({
    status: 404,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
  });
});

describe('tokens steer the answers:', () => {
  test.each([
    ['sandbox-unregistered-1', 404, 'UNREGISTERED'],
    ['dead0410', 404, 'UNREGISTERED'],
    ['sandbox-bad-token', 400, 'INVALID_ARGUMENT'],
    ['sandbox-wrong-topic', 403, 'SENDER_ID_MISMATCH'],
    ['sandbox-busy', 429, 'QUOTA_EXCEEDED'],
    ['sandbox-down', 503, 'UNAVAILABLE'],
    ['sandbox-bad-credential', 401, 'THIRD_PARTY_AUTH_ERROR'],
  ])('%s is answered %i %s', async (token, code, errorCode) => {
    const { status, json } = await send({ message: { token } });
    expect([status, json.error.details[0].errorCode]).toEqual([code, errorCode]);
  });

  test('a topic steers too', async () => {
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await send({ message: { topic: 'sandbox-down-twice' } })).status);
    expect(statuses).toEqual([503, 503, 200]);
  });
});

test('revoked access tokens meet 401', async () => {
  sandbox.revokeAccessTokens();
  expect((await send({ message: { token: 'device' } })).status).toBe(401);
});
