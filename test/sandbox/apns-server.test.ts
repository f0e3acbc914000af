import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../support/sandbox-of-three.ts';
import { type Client, connect, providerToken, type Reply, seconds } from './provider-client.ts';

let sandbox: Sandbox;
let client: Client;
let bearer: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  client = connect(sandbox, sandbox.apns.production);
  bearer = `bearer ${providerToken(sandbox)}`;
});
afterAll(async () => {
  client.session.destroy();
  await sandbox.close();
});

const TOKEN = 'a1'.repeat(32);
const BODY = '{"aps":{"alert":{"title":"Hello","body":"you"}}}';
const headers = (more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders => ({
  authorization: bearer,
  'apns-topic': 'com.example.app',
  'apns-push-type': 'alert',
  ...more,
});
const push = (token = TOKEN, more: OutgoingHttpHeaders = {}, body = BODY, by = client) =>
  by.post(`/3/device/${token}`, headers(more), body);
const told = ({ status, body }: Reply) => [status, body && JSON.parse(body).reason];

test('a right push is answered as Apple answers and kept as the device would see it', async () => {
  const id = '123e4567-e89b-12d3-a456-426614174000';
  const reply = await push(TOKEN, { 'apns-id': id, 'apns-expiration': 0 });
  expect(reply).toMatchObject({ status: 200, headers: { 'apns-id': id }, body: '' });
  expect(sandbox.deliveries().at(-1)).toMatchObject({
    platform: 'ios',
    environment: 'production',
    target: TOKEN,
    title: 'Hello',
    body: 'you',
    id,
    headers: { 'apns-topic': 'com.example.app', 'apns-expiration': '0' },
    payload: JSON.parse(BODY),
  });
  expect(JSON.stringify(sandbox.deliveries())).not.toContain(bearer);
});

test('the development host is a host of its own and traces its pushes', async () => {
  const development = connect(sandbox, sandbox.apns.development);
  const reply = await push(TOKEN, {}, BODY, development);
  expect(reply.headers['apns-unique-id']).toEqual(expect.any(String));
  expect(sandbox.deliveries().at(-1)).toMatchObject({ environment: 'development' });
  development.session.destroy();
});

test('provider tokens may be signed in the JOSE form or in DER', async () => {
  const other = connect(sandbox, sandbox.apns.production);
  const reply = await push(TOKEN, { authorization: `bearer ${providerToken(sandbox, {}, true)}` }, BODY, other);
  expect(reply.status).toBe(200);
  other.session.destroy();
});

describe('what Apple refuses is refused with its reason:', () => {
  const cases: [string, string, OutgoingHttpHeaders, string, [number, string]][] = [
    ['no topic', TOKEN, { 'apns-topic': '' }, BODY, [400, 'MissingTopic']],
    ['a topic that is no bundle id', TOKEN, { 'apns-topic': 'nonsense' }, BODY, [400, 'BadTopic']],
    ['a topic of another push type', TOKEN, { 'apns-push-type': 'voip' }, BODY, [400, 'BadTopic']],
    ['an unknown push type', TOKEN, { 'apns-push-type': 'loud' }, BODY, [400, 'InvalidPushType']],
    ['an id that is no UUID', TOKEN, { 'apns-id': '7' }, BODY, [400, 'BadMessageId']],
    ['a long collapse id', TOKEN, { 'apns-collapse-id': 'x'.repeat(65) }, BODY, [400, 'BadCollapseId']],
    ['an unknown priority', TOKEN, { 'apns-priority': '7' }, BODY, [400, 'BadPriority']],
    [
      'an urgent background push',
      TOKEN,
      { 'apns-push-type': 'background', 'apns-priority': '10' },
      BODY,
      [400, 'BadPriority'],
    ],
    ['an expiration that is no number', TOKEN, { 'apns-expiration': 'soon' }, BODY, [400, 'BadExpirationDate']],
    ['a repeated header', TOKEN, { 'x-twice': ['1', '2'] }, BODY, [400, 'DuplicateHeaders']],
    ['a token that is not hexadecimal', 'hello', {}, BODY, [400, 'BadDeviceToken']],
    ['no token', '', {}, BODY, [400, 'MissingDeviceToken']],
    ['an empty body', TOKEN, {}, '', [400, 'PayloadEmpty']],
    ['4,097 bytes', TOKEN, {}, 'x'.repeat(4097), [413, 'PayloadTooLarge']],
    ['no authorization', TOKEN, { authorization: undefined }, BODY, [403, 'MissingProviderToken']],
    ['an authorization that is no JWT', TOKEN, { authorization: 'bearer x.y.z' }, BODY, [403, 'InvalidProviderToken']],
  ];
  test.each(cases)('%s', async (_, token, more, body, answer) => {
    expect(told(await push(token, more, body))).toEqual(answer);
  });

  test('a token of the wrong team, an old one, one of a clock that runs fast', async () => {
    const refusal = async (claims: object) =>
      told(await push(TOKEN, { authorization: `bearer ${providerToken(sandbox, claims)}` }));
    expect(await refusal({ iss: 'SOMEONE' })).toEqual([403, 'InvalidProviderToken']);
    expect(await refusal({ iat: seconds() - 3700 })).toEqual([403, 'ExpiredProviderToken']);
    expect(await refusal({ iat: seconds() + 3700 })).toEqual([403, 'ExpiredProviderToken']);
  });

  test('a third provider token within twenty minutes of one connection', async () => {
    const other = connect(sandbox, sandbox.apns.production);
    const statuses = [];
    for (const age of [30, 20, 10]) {
      const authorization = `bearer ${providerToken(sandbox, { iat: seconds() - age })}`;
      statuses.push((await push(TOKEN, { authorization }, BODY, other)).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
    other.session.destroy();
  });

  test('another path, another method', async () => {
    expect(told(await client.post('/4/device/x', headers(), BODY))).toEqual([404, 'BadPath']);
    expect(told(await client.post(`/3/device/${TOKEN}`, headers({ ':method': 'PUT' }), BODY))).toEqual([
      405,
      'MethodNotAllowed',
    ]);
  });

  test('5,120 bytes are right for voip', async () => {
    const voip = { 'apns-push-type': 'voip', 'apns-topic': 'com.example.app.voip' };
    expect((await push(TOKEN, voip, 'x'.repeat(5120))).status).toBe(200);
    expect((await push(TOKEN, voip, 'x'.repeat(5121))).status).toBe(413);
  });
});

describe('tokens steer the answers:', () => {
  const steered = (head: string) => head.padEnd(64, '0');
  test.each([
    ['dead0410', [410, 'Unregistered']],
    ['dead1410', [410, 'ExpiredToken']],
    ['dead0400', [400, 'BadDeviceToken']],
    ['dead1400', [400, 'DeviceTokenNotForTopic']],
    ['dead0429', [429, 'TooManyRequests']],
    ['dead1503', [503, 'ServiceUnavailable']],
    ['dead1403', [403, 'InvalidProviderToken']],
  ] as const)('%s… is answered %j', async (head, answer) => {
    expect(told(await push(steered(head)))).toEqual(answer);
  });

  test('a 410 says since when, which is later than its device was registered; a 429 says until when', async () => {
    const before = Date.now();
    expect(JSON.parse((await push(steered('dead0410'))).body).timestamp).toBeGreaterThanOrEqual(before);
    expect(JSON.parse((await push(steered('dead1410'))).body).timestamp).toBeLessThan(before);
    expect((await push(steered('dead0429'))).headers['retry-after']).toBe('1');
  });

  test.each([
    ['dead0503', [503, 503, 200, 503]],
    ['dead1429', [429, 200, 429]],
    ['dead0403', [403, 200, 403]],
  ] as const)('%s… is refused, accepted, and starts anew: %j', async (head, statuses) => {
    const seen = [];
    for (const _ of statuses) seen.push((await push(steered(head))).status);
    expect(seen).toEqual(statuses);
  });

  test('GOAWAY leaves the push unprocessed, and a new connection gets it through', async () => {
    const first = connect(sandbox, sandbox.apns.production);
    await push(TOKEN, {}, BODY, first);
    const goaway = once(first.session, 'goaway');
    await expect(push(steered('dead0007'), {}, BODY, first)).rejects.toMatchObject({ code: 'ERR_HTTP2_STREAM_ERROR' });
    const [, lastStreamId, data] = await goaway;
    expect(lastStreamId).toBe(3);
    expect(JSON.parse(data.toString())).toEqual({ reason: 'Shutdown' });
    const second = connect(sandbox, sandbox.apns.production);
    expect((await push(steered('dead0007'), {}, BODY, second)).status).toBe(200);
    second.session.destroy();
  });

  test.each(['dead0003', 'dead00ff'])('%s… is lost on its way once', async (head) => {
    const first = connect(sandbox, sandbox.apns.production);
    await expect(push(steered(head), {}, BODY, first)).rejects.toThrow();
    const second = connect(sandbox, sandbox.apns.production);
    expect((await push(steered(head), {}, BODY, second)).status).toBe(200);
    first.session.destroy();
    second.session.destroy();
  });

  test('a test scripts a token of its own, in turn', async () => {
    const token = 'b2'.repeat(32);
    sandbox.script(token, 'busy', { status: 500, body: { reason: 'InternalServerError' } }, 'accept');
    expect((await push(token)).status).toBe(429);
    expect(told(await push(token))).toEqual([500, 'InternalServerError']);
    expect((await push(token)).status).toBe(200);
    expect((await push(token)).status).toBe(200);
  });
});

test('a connection has one stream until its first push got through, then many', async () => {
  const fresh = connect(sandbox, sandbox.apns.production);
  const [before] = await once(fresh.session, 'remoteSettings');
  expect(before.maxConcurrentStreams).toBe(1);
  const raised = once(fresh.session, 'remoteSettings');
  await push(TOKEN, {}, BODY, fresh);
  expect((await raised)[0].maxConcurrentStreams).toBe(1000);
  fresh.session.destroy();
});
