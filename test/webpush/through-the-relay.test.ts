import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { SANDBOX_KEYS } from '../../src/webpush/sandbox/browser-keys.ts';
import { type SandboxedRelay, startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';

const GOOGLE = 'https://fcm.googleapis.com/fcm/send/';
const APPLE = 'https://web.push.apple.com/';

const subscriptionAt = (endpoint: string, more: object = {}) => ({ endpoint, keys: SANDBOX_KEYS, ...more });

interface Entry {
  readonly token: string;
  readonly platform: string;
  readonly reason: string;
  readonly category: string;
  readonly invalid_token: boolean;
  readonly attempts: number;
}

async function start(overlay: Record<string, object> = {}): Promise<SandboxedRelay> {
  const relay = await startSandboxedRelay({ core: { sync: true }, ...overlay });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return relay;
}

async function post(
  relay: SandboxedRelay,
  ...notifications: object[]
): Promise<{ counts: number; logs: Entry[]; request_id: string }> {
  const answer = await fetch(`${relay.url}/api/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ notifications }),
  });
  expect(answer.status).toBe(200);
  return answer.json() as Promise<{ counts: number; logs: Entry[]; request_id: string }>;
}

const get = async <T>(relay: SandboxedRelay, path: string): Promise<T> =>
  (await fetch(relay.url + path)).json() as Promise<T>;

describe('/api/push to browsers', () => {
  test('takes subscriptions as objects and as texts, the platform by name or number, and counts them alike', async () => {
    const relay = await start();
    const one = subscriptionAt(`${GOOGLE}one`);
    const two = subscriptionAt(`${APPLE}two`);
    const { counts, logs } = await post(
      relay,
      { platform: 'web', subscriptions: [one, two], title: 'T', message: 'B', url: 'https://a.test/' },
      { platform: 4, tokens: [JSON.stringify(one)], to: JSON.stringify(two), title: 'U' },
    );
    expect(counts).toBe(4);
    expect(logs).toEqual([]);
    const { deliveries } = await get<{
      deliveries: { platform: string; target: string; title: string; body?: string; headers: object }[];
    }>(relay, '/sandbox/deliveries');
    expect(deliveries.map(({ target, title }) => [target, title]).sort()).toEqual([
      [one.endpoint, 'T'],
      [one.endpoint, 'U'],
      [two.endpoint, 'T'],
      [two.endpoint, 'U'],
    ]);
    expect(deliveries[0]).toMatchObject({ platform: 'web', headers: { ttl: '2419200', urgency: 'normal' } });
  });

  test('tells each failure by the endpoint, or by what was given, with reason and category', async () => {
    const relay = await start();
    const gone = subscriptionAt(`${GOOGLE}sandbox-unregistered-1`);
    const foreign = subscriptionAt(`${APPLE}x`, { application_server_key: generateVapidPair().public_key });
    const blocked = JSON.stringify(subscriptionAt('https://push.evil.test/x'));
    const { logs } = await post(
      relay,
      { platform: 'web', subscriptions: [gone, foreign], title: 'T' },
      { platform: 'web', tokens: [blocked, 'nonsense'], title: 'T' },
      { platform: 'web', subscriptions: [gone], data: { a: '1' } },
    );
    const facts = logs.map(({ token, reason, category, invalid_token }) => [token, reason, category, invalid_token]);
    expect(facts).toHaveLength(5);
    expect(facts).toEqual(
      expect.arrayContaining([
        [gone.endpoint, 'Gone', 'invalid_token', true],
        [foreign.endpoint, 'KeyMismatch', 'credential', false],
        [blocked, 'BlockedHost', 'invalid_request', false],
        ['nonsense', 'InvalidSubscription', 'invalid_request', false],
        [gone.endpoint, 'MissingText', 'invalid_request', false],
      ]),
    );
    expect(logs.every(({ platform }) => platform === 'web')).toBe(true);
  });

  test('sends again, signed again, what a service calls expired, and counts no retry', async () => {
    const relay = await start();
    const { logs } = await post(relay, {
      platform: 'web',
      subscriptions: [subscriptionAt(`${GOOGLE}sandbox-stale-credential`)],
      title: 'T',
    });
    expect(logs).toEqual([]);
  });
});

test('a push service that is busy is asked again when it says, as often as `max_retry` allows', async () => {
  const relay = await start({ web: { max_retry: 1 } });
  const { logs } = await post(relay, {
    platform: 'web',
    subscriptions: [subscriptionAt(`${GOOGLE}sandbox-busy-once`)],
    title: 'T',
  });
  expect(logs).toEqual([]);
});

test('hosts are lanes of their own, and their names stay out of the metrics', async () => {
  const relay = await start();
  await post(relay, {
    platform: 'web',
    subscriptions: [subscriptionAt(`${GOOGLE}a`), subscriptionAt(`${APPLE}a`)],
    title: 'T',
  });
  const { checks } = await get<{ checks: { name: string }[] }>(relay, '/readyz');
  const lanes = checks.map(({ name }) => name).filter((name) => name.includes('/web/'));
  expect(lanes).toEqual(expect.arrayContaining(['default/web/production/google', 'default/web/production/apple']));
  const metrics = await (await fetch(`${relay.url}/metrics`)).text();
  expect(metrics).toContain('provider="web"');
  expect(metrics).not.toMatch(/provider="web".*googleapis\.com/);
});

test('a failed push is explained with what to do about it', async () => {
  const relay = await start();
  const foreign = subscriptionAt(`${APPLE}x`, { application_server_key: generateVapidPair().public_key });
  const { request_id } = await post(relay, { platform: 'web', subscriptions: [foreign], title: 'T' });
  await expect
    .poll(async () => JSON.stringify(await get(relay, `/v1/pushes/${request_id}`)))
    .toContain('add that pair to `web.vapid`');
});

test('the history keeps the host of a subscription, and finds it by its whole address', async () => {
  const relay = await start();
  const gone = subscriptionAt(`${GOOGLE}sandbox-unregistered-of-somewhere`);
  const { request_id } = await post(relay, { platform: 'web', subscriptions: [gone], title: 'T' });
  const about = (token: string) => `/v1/pushes/${request_id}?token=${encodeURIComponent(token)}`;
  await expect
    .poll(async () => JSON.stringify(await get(relay, about(gone.endpoint))))
    .toContain('https://fcm.googleapis.com/…');
  expect(JSON.stringify(await get(relay, `/v1/pushes/${request_id}`))).not.toContain('of-somewhere');
});

test('the feedback hook hears of a dead subscription by its endpoint', async () => {
  const heard: Entry[] = [];
  const hook = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      heard.push(JSON.parse(text));
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void hook.close());
  const relay = await start({
    core: { sync: false, feedback_hook_url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` },
  });
  const gone = subscriptionAt(`${GOOGLE}sandbox-unregistered-2`);
  await post(relay, { platform: 'web', subscriptions: [gone], title: 'T' });
  await expect
    .poll(() => heard)
    .toMatchObject([{ token: gone.endpoint, reason: 'Gone', invalid_token: true, platform: 'web' }]);
});

test('the log of a failed push hides who it was for', async () => {
  const relay = await start();
  await post(relay, {
    platform: 'web',
    subscriptions: [subscriptionAt(`${GOOGLE}sandbox-unregistered-secret`)],
    title: 'T',
  });
  await expect.poll(() => relay.errors()).toContain('https://fcm.googleapis.com/***');
  expect(relay.errors()).not.toContain('unregistered-secret');
});
