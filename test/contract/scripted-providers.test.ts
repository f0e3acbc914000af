import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { connect } from '../sandbox/provider-client.ts';
import { openScriptedProviders, type ProviderHost, type ScriptedProviders } from './scripted-providers.ts';

const authority = makeAuthority();
let providers: ScriptedProviders;
beforeAll(async () => {
  providers = await openScriptedProviders(authority);
});
afterAll(() => providers.close());

async function post(host: ProviderHost, path: string, body: string, headers = {}) {
  const client = connect(authority, providers.origins[host]);
  try {
    return await client.post(path, headers, body);
  } finally {
    client.session.destroy();
  }
}

test('without a script every provider says yes, each in its own way', async () => {
  providers.script();
  const apns = await post('api.push.apple.com', '/3/device/a1', '{}', { 'apns-id': 'mine' });
  expect([apns.status, apns.body, apns.headers['apns-id']]).toEqual([200, '', 'mine']);
  const json = async (host: ProviderHost) => JSON.parse((await post(host, '/', '{}')).body);
  expect(await json('fcm.googleapis.com')).toEqual({
    name: expect.stringContaining('projects/demo-project/messages/'),
  });
  expect(await json('oauth2.googleapis.com')).toMatchObject({ access_token: 'ya29.test', expires_in: 3599 });
  expect(await json('oauth-login.cloud.huawei.com')).toMatchObject({ access_token: 'hms-token', expires_in: 3600 });
  expect(await json('push-api.cloud.huawei.com')).toEqual({ code: '80000000', msg: 'Success', requestId: '1' });
});

test('requests are remembered under the real host, integers digit for digit', async () => {
  providers.script();
  await post('fcm.googleapis.com', '/v1/x', '{"n":9007199254740993}', { authorization: 'Bearer t' });
  expect(providers.requests).toMatchObject([
    { host: 'fcm.googleapis.com', method: 'POST', path: '/v1/x', body: { n: { $num: '9007199254740993' } } },
  ]);
  providers.script();
  expect(providers.requests).toEqual([]);
});

test('scripted answers go by host and target; strings are sent as they are', async () => {
  providers.script([
    { host: 'fcm', token: 'news', status: 404, headers: { 'retry-after': '7' }, body: '<html>' },
    { host: 'sandbox', token: 'a1', status: 410, body: { reason: 'Unregistered' } },
    { host: 'apple', destroy: true },
  ]);
  const fcm = await post('fcm.googleapis.com', '/', '{"message":{"topic":"news"}}');
  expect([fcm.status, fcm.headers['retry-after'], fcm.body]).toEqual([404, '7', '<html>']);
  const apns = await post('api.sandbox.push.apple.com', '/3/device/a1', '{}');
  expect([apns.status, apns.body, apns.headers['content-type']]).toEqual([
    410,
    '{"reason":"Unregistered"}',
    'application/json',
  ]);
  await expect(post('api.push.apple.com', '/3/device/a1', '{}')).rejects.toThrow();
});

test('the hook answers by the token of its entry', async () => {
  providers.script([], [{ token: 'bad', times: 1, status: 500 }]);
  const call = async (token: string) =>
    (await fetch(`${providers.hookUrl}/fb`, { method: 'POST', body: JSON.stringify({ token }) })).status;
  expect([await call('bad'), await call('bad'), await call('good')]).toEqual([500, 200, 200]);
  expect(providers.hookRequests.map(({ path, body }) => [path, body])).toEqual([
    ['/fb', { token: 'bad' }],
    ['/fb', { token: 'bad' }],
    ['/fb', { token: 'good' }],
  ]);
});
