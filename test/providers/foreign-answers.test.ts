import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ScriptedRelay, startScriptedRelay } from '../support/scripted-relay.ts';

/** What gateways, proxies and captive portals say in the place of a provider. */
const PAGE = '<!DOCTYPE html><html><body>Not here</body></html>';
const statuses = [400, 401, 403, 404, 407, 410] as const;

const pushes = {
  'api.sandbox.push.apple.com': { platform: 1, tokens: ['a1'], topic: 'com.example.app', message: 'hi' },
  'fcm.googleapis.com': { platform: 2, tokens: ['f1'], message: 'hi' },
  'push-api.cloud.huawei.com': { platform: 3, tokens: ['h1'], message: 'hi' },
};
const signIns = {
  'oauth2.googleapis.com': pushes['fcm.googleapis.com'],
  'oauth-login.cloud.huawei.com': pushes['push-api.cloud.huawei.com'],
};

let relay: ScriptedRelay;
beforeAll(async () => {
  const max_retry = 1;
  relay = await startScriptedRelay({ ios: { max_retry }, android: { max_retry }, huawei: { max_retry } });
});
afterAll(() => relay[Symbol.asyncDispose]());

describe.each(Object.entries(pushes))('a page in the place of the first answer of %s', (host, push) => {
  test.each(statuses)('with %i costs a retry and not the push', async (status) => {
    relay.script([{ host, status, body: PAGE, headers: { 'content-type': 'text/html' }, times: 1 }]);
    expect(await relay.push(push)).toEqual([]);
    expect(relay.requests.filter((request) => request.host === host)).toHaveLength(2);
  });

  test('that goes on is told as what it is, and condemns neither token nor credential', async () => {
    relay.script([{ host, status: 404, body: PAGE, headers: { 'content-type': 'text/html' } }]);
    expect(await relay.push(push)).toMatchObject([
      { reason: 'InvalidAnswer', category: 'unavailable', invalid_token: false, retryable: true, attempts: 2 },
    ]);
  });
});

test.each(Object.entries(signIns))(
  'a page in the place of the sign-in of %s leaves the push to be sent',
  async (host, push) => {
    for (const status of statuses) {
      await using own = await startScriptedRelay();
      own.script([{ host, status, body: PAGE, headers: { 'content-type': 'text/html' }, times: 2 }]);
      expect(await own.push(push)).toEqual([]);
      expect(own.requests.filter((request) => request.host === host)).toHaveLength(3);
    }
  },
);
