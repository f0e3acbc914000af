import { describe, expect, onTestFinished, test } from 'vitest';
import { type SandboxedRelay, startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';

interface Told {
  readonly reason: string;
  readonly invalid_token: boolean;
}

async function start(overlay: Record<string, object> = {}): Promise<SandboxedRelay> {
  const relay = await startSandboxedRelay({ core: { sync: true }, ...overlay });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return relay;
}

async function push(relay: SandboxedRelay, platform: string, token: string) {
  const body = JSON.stringify({ notifications: [{ platform, tokens: [token], message: 'hi' }] });
  const answer = await fetch(`${relay.url}/api/push`, { method: 'POST', body });
  return (await answer.json()) as { logs: Told[]; request_id: string };
}

const told = async (relay: SandboxedRelay, platform: string, token: string) =>
  (await push(relay, platform, token)).logs.map(({ reason, invalid_token }) => [reason, invalid_token]);

describe('a target that fails on purpose', () => {
  test.each([
    ['expo', 'ExponentPushToken[sandbox-unregistered]', 'DeviceNotRegistered', true],
    ['expo', 'ExponentPushToken[sandbox-wrong-topic]', 'MismatchSenderId', false],
    ['expo', 'ExponentPushToken[sandbox-busy]', 'TOO_MANY_REQUESTS', false],
    ['expo', 'ExponentPushToken[sandbox-bad-credential]', 'UNAUTHORIZED', false],
    ['sms', '+15005550001', '21211', true],
    ['sms', '+15005550004', '21610', false],
    ['sms', '+15005550009', '21614', true],
    ['sms', '+15005551429', '20429', false],
    ['sms', '+15005551503', '20503', false],
    ['sms', '+15005551401', '20003', false],
    ['sms', '+15005551255', 'ConnectionLost', false],
    ['sms', '+15005551000', 'Timeout', false],
  ])('%s: %s is %s', async (platform, token, reason, isDead) => {
    const relay = await start({ sms: { request_timeout: 1 }, expo: { max_retry: 0 } });
    expect(await told(relay, platform, token)).toEqual([[reason, isDead]]);
  });
});

test('expo: sandbox-expired is accepted, and found dead by its receipt', async () => {
  const relay = await start({ expo: { receipts: { first: 1, interval: 1, until: 60 } } });
  const { logs, request_id } = await push(relay, 'expo', 'ExponentPushToken[sandbox-expired]');
  expect(logs).toEqual([]);
  const history = async (): Promise<string> => (await fetch(`${relay.url}/v1/pushes/${request_id}`)).text();
  await expect.poll(history).toMatch(/"late","outcome":"failed".*DeviceNotRegistered/s);
});
