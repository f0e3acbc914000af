import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../support/sandbox-of-three.ts';
import { type Client, connect } from './provider-client.ts';

let sandbox: Sandbox;
let auth: Client;
let push: Client;
let authorization: string;

const signIn = async (form: Record<string, string>) => {
  const { hms } = sandbox.credentials;
  const full = { grant_type: 'client_credentials', client_id: hms.appId, client_secret: hms.appSecret, ...form };
  const reply = await auth.post('/oauth2/v3/token', {}, new URLSearchParams(full).toString());
  return { status: reply.status, json: JSON.parse(reply.body) };
};

beforeAll(async () => {
  sandbox = await startSandbox();
  auth = connect(sandbox, sandbox.hms.auth);
  push = connect(sandbox, sandbox.hms.push);
  authorization = `Bearer ${(await signIn({})).json.access_token}`;
});
afterAll(async () => {
  auth.session.destroy();
  push.session.destroy();
  await sandbox.close();
});

const send = async (message: object, more: Record<string, string> = {}) => {
  const path = `/v1/${sandbox.credentials.hms.appId}/messages:send`;
  const reply = await push.post(path, { authorization, ...more }, JSON.stringify({ validate_only: false, message }));
  return { status: reply.status, json: JSON.parse(reply.body) };
};

test('sign-in errors are Huawei’s numbers', async () => {
  expect(await signIn({ client_secret: 'wrong' })).toMatchObject({
    status: 400,
    json: { error: 1101, sub_error: 12304 },
  });
  expect((await signIn({ client_id: 'x' })).json.sub_error).toBe(20002);
  expect((await signIn({ client_id: '7' })).json.sub_error).toBe(20003);
  expect((await signIn({ client_secret: '' })).json.sub_error).toBe(20171);
  expect((await signIn({ grant_type: 'password' })).json.sub_error).toBe(20182);
});

test('each token of a message is delivered', async () => {
  const before = sandbox.delivered();
  const { status, json } = await send({ token: ['a', 'b'], data: 'hello' });
  expect([status, json.code, json.msg]).toEqual([200, '80000000', 'Success']);
  expect(sandbox.delivered()).toBe(before + 2);
  expect(sandbox.deliveries().at(-1)).toMatchObject({ platform: 'huawei', kind: 'token', target: 'b' });
});

test('dead tokens are listed, the others delivered', async () => {
  const { json } = await send({ token: ['a', 'sandbox-unregistered-1', 'sandbox-bad-token'] });
  expect(json.code).toBe('80100000');
  expect(JSON.parse(json.msg)).toEqual({
    success: 1,
    failure: 2,
    illegal_tokens: ['sandbox-unregistered-1', 'sandbox-bad-token'],
  });
  expect((await send({ token: ['sandbox-unregistered'] })).json.code).toBe('80300007');
});

describe('what Huawei refuses is refused with its code:', () => {
  const android = (fields: object) => ({ token: ['a'], android: fields });
  test.each([
    ['80100003', { data: 'x' }],
    ['80100003', { token: ['a'], topic: 'b' }],
    ['80100003', { token: ['a'], data: { no: 'object' } }],
    ['80300010', { token: [] }],
    ['80300010', { token: new Array(1001).fill('a') }],
    ['80300008', { token: ['a'], data: 'x'.repeat(4096) }],
    ['80100013', android({ collapse_key: 101 })],
    ['80100001', android({ ttl: 'long' })],
    ['80100001', android({ notification: { title: 't', body: 'b' } })],
  ])('%s', async (code, message) => {
    expect((await send(message)).json.code).toBe(code);
  });

  test('a wrong access token', async () => {
    expect(await send({ token: ['a'] }, { authorization: 'Bearer x' })).toMatchObject({
      status: 401,
      json: { code: '80200001' },
    });
  });
});

test('a token that steers decides for its whole request', async () => {
  const codes = [];
  for (let i = 0; i < 2; i += 1) codes.push((await send({ token: ['a', 'sandbox-stale-credential'] })).json.code);
  expect(codes).toEqual(['80200003', '80000000']);
});
