import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bearer, type GuardedRelay, sha256, startGuardedRelay } from '../../auth/guarded-relay.ts';

const keys = {
  all: { sha256: sha256('all-key'), scopes: ['push', 'read'] },
  acme: { sha256: sha256('acme-key'), scopes: ['push', 'read'], apps: ['acme'] },
  two: { sha256: sha256('two-key'), scopes: ['read'], apps: ['acme', 'default'] },
  idle: { sha256: sha256('idle-key'), scopes: ['read'], apps: ['idle'] },
};
const apps = { acme: { default_topic: 'com.acme' }, beta: { default_topic: 'com.beta' }, idle: {} };

const start = (more: { [section: string]: object } = {}): Promise<GuardedRelay> =>
  startGuardedRelay({ auth: { keys }, apps, core: { sync: true }, ...more });

async function stat(relay: GuardedRelay, key: keyof typeof keys = 'all', query = '') {
  const response = await fetch(`${relay.url}/api/stat/app${query}`, { headers: bearer(`${key}-key`) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function push(relay: GuardedRelay, notifications: object[], key: keyof typeof keys = 'all'): Promise<void> {
  const init = { method: 'POST', headers: bearer(`${key}-key`), body: JSON.stringify({ notifications }) };
  expect((await fetch(`${relay.url}/api/push`, init)).status).toBe(200);
}

const TOKEN = 'ab'.repeat(32);
const toApple = (app: string | undefined, tokens: number, failing = 0): object => ({
  ...(app === undefined ? {} : { app }),
  platform: 1,
  topic: 'com.example',
  message: 'x',
  tokens: [
    ...Array.from({ length: tokens }, () => TOKEN),
    ...Array.from({ length: failing }, () => `unregistered-${TOKEN}`),
  ],
});

const figures = (total_count: number, good: number, bad: number, android = { push_success: 0, push_error: 0 }) => ({
  total_count,
  ios: { push_success: good, push_error: bad },
  android,
  huawei: { push_success: 0, push_error: 0 },
});

const GORUSH_KEYS = [
  'version',
  'busy_workers',
  'success_tasks',
  'failure_tasks',
  'submitted_tasks',
  'total_count',
  'ios',
  'android',
  'huawei',
];

describe('GET /api/stat/app', () => {
  test('is Gorush’s to the key while nothing but the app default was counted, whatever apps there are', async () => {
    const relay = await start();
    await push(relay, [toApple(undefined, 2)]);
    const { body } = await stat(relay);
    expect(Object.keys(body)).toEqual(GORUSH_KEYS);
    expect(body).toMatchObject({ total_count: 3, ios: { push_success: 2 } });
  });

  test('tells of each app, and of one by ?app=, in any case of letters', async () => {
    const relay = await start();
    await push(relay, [
      toApple('acme', 2, 1),
      toApple('default', 3),
      { app: 'Beta', platform: 2, tokens: ['t'], message: 'x' },
    ]);
    await push(relay, [toApple(undefined, 1)]);
    const { body } = await stat(relay);
    const total = await stat(relay, 'all', '?app=');
    const android = { push_success: 1, push_error: 0 };
    // A topic counts, as with Gorush.
    expect(body).toMatchObject(figures(4 + 4 + 1 + 2, 6, 1, android));
    expect(body.apps).toEqual({
      acme: figures(4, 2, 1),
      beta: figures(1, 0, 0, android),
      default: figures(6, 4, 0),
    });
    expect(total.body.apps).toEqual(body.apps);
    for (const [query, wanted] of [
      ['?app=ACME', figures(4, 2, 1)],
      ['?app=default', figures(6, 4, 0)],
      ['?app=idle', figures(0, 0, 0)],
    ] as const) {
      const one = await stat(relay, 'all', query);
      expect(Object.keys(one.body)).toEqual(GORUSH_KEYS);
      expect(one.body).toMatchObject(wanted);
      expect(one.body.submitted_tasks).toBe(4);
    }
  });

  test('shows a key for some apps those, and their sum', async () => {
    const relay = await start();
    await push(relay, [toApple('beta', 5), toApple(undefined, 1)]);
    expect((await stat(relay, 'two')).body).toMatchObject(figures(2, 1, 0));
    expect((await stat(relay, 'two')).body.apps).toBeUndefined();
    await push(relay, [toApple(undefined, 3)], 'acme');
    const acme = await stat(relay, 'acme');
    expect(acme.body).toMatchObject(figures(4, 3, 0));
    expect(acme.body.apps).toEqual({ acme: figures(4, 3, 0) });
    expect((await stat(relay, 'two')).body).toMatchObject({
      ...figures(6, 4, 0),
      apps: { acme: figures(4, 3, 0), default: figures(2, 1, 0) },
    });
    const idle = await stat(relay, 'idle');
    expect([Object.keys(idle.body), idle.body.total_count]).toEqual([GORUSH_KEYS, 0]);
    expect(JSON.stringify([acme.body, idle.body])).not.toContain('beta');
  });

  test('refuses what is not for the key, what there is not, and what cannot be read', async () => {
    const relay = await start();
    await push(relay, [toApple('beta', 1)]);
    for (const app of ['beta', 'default', 'nobody', '_other'])
      expect((await stat(relay, 'acme', `?app=${app}`)).status, app).toBe(403);
    for (const app of ['nobody', '__proto__', 'constructor', '%00', '_other'])
      expect(await stat(relay, 'all', `?app=${app}`), app).toMatchObject({
        status: 404,
        body: { code: 404, message: 'there is no such app' },
      });
    const twice = await stat(relay, 'all', '?app=acme&app=beta');
    expect(twice).toMatchObject({ status: 400, body: { details: [{ path: 'app', reason: 'must be given once' }] } });
  });

  test('what is told by app adds up to the totals in any mix of apps in any requests', async () => {
    const relay = await start();
    const app = fc.constantFrom(undefined, 'default', 'acme', 'beta', 'Acme');
    const platform = fc.constantFrom(1, 2, 99);
    const one = fc.record({ app, platform, tokens: fc.nat(3), failing: fc.nat(2) });
    const sum = { acme: 0, beta: 0, default: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 5 }), async (mix) => {
        const sent = mix.map((each) => ({
          ...toApple(each.app, each.tokens + 1, each.failing),
          platform: each.platform,
        }));
        await push(relay, sent);
        for (const { app: name = 'default', platform: known, tokens, failing } of mix)
          if (known !== 99) sum[name.toLowerCase() as keyof typeof sum] += tokens + 1 + failing + 1;
        const { body } = await stat(relay);
        const parts = (body.apps ?? { default: body }) as Record<string, ReturnType<typeof figures>>;
        for (const [name, count] of Object.entries(sum)) expect(parts[name]?.total_count ?? 0, name).toBe(count);
        const whole = figures(0, 0, 0);
        for (const part of Object.values(parts)) {
          whole.total_count += part.total_count;
          for (const on of ['ios', 'android', 'huawei'] as const) {
            whole[on].push_success += part[on].push_success;
            whole[on].push_error += part[on].push_error;
          }
        }
        expect(body).toMatchObject(whole);
      }),
      { numRuns: 20 },
    );
  });
});
