import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startTenantProviders, type Tenant } from '../apps/tenant-providers.ts';
import { startHook } from '../feedback/hook-server.ts';
import { until } from '../support/until.ts';
import { Canaries } from './canaries.ts';
import { WatchedRelay } from './watched-relay.ts';

const random = (): string => randomBytes(24).toString('base64url');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const whsec = (): string => `whsec_${randomBytes(32).toString('base64')}`;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Refusals as providers write them: with what they refuse. */
const quoting = (provider: string, token: string) => {
  if (!token.startsWith('bad')) return undefined;
  const message = `The registration token ${token} (${encodeURIComponent(token)}) is not valid`;
  const error = { code: 400, status: 'INVALID_ARGUMENT', message };
  if (provider === 'apns') return { status: 400, body: { reason: 'BadDeviceToken' } };
  if (provider === 'fcm') return { status: 400, body: { error } };
  return { status: 200, body: { code: '80300007', msg: message, requestId: '1' } };
};

/** Everything secret that a relay of this test has or meets, and the tenants whose it is. */
async function openScene() {
  const providers = await startTenantProviders(quoting);
  const hook = await startHook();
  closers.push(
    () => providers.close(),
    () => hook.close(),
  );
  const canaries = new Canaries();
  const secret = (name: string, text = random()): string => {
    canaries.add({ name, text, kind: 'key' });
    return text;
  };
  const tenant = (name: string): Tenant => {
    const made = providers.tenant(name, secret(`${name}'s Huawei secret`));
    const { ios, android } = made.settings;
    secret(`${name}'s APNs key`, Buffer.from(ios?.key_base64 ?? '', 'base64').toString());
    secret(`${name}'s service account`, JSON.parse(android?.credential ?? '').private_key);
    return made;
  };
  const token = (beginning: string): string => {
    const text = beginning + randomBytes(40).toString('hex').slice(beginning.length);
    canaries.add({ name: `device token ${beginning}`, text, kind: 'token' });
    return text;
  };
  return { providers, hook, canaries, secret, tenant, token };
}

type Scene = Awaited<ReturnType<typeof openScene>>;

/** Pushes of all kinds, calls of administrators, and what goes wrong with them; everything that was answered to whom. */
async function drive(relay: WatchedRelay, scene: Scene, keys: Record<'boss' | 'acme' | 'scraper', string>) {
  const { secret, token, tenant, hook } = scene;
  const own: string[] = [];
  const toStrangers: string[] = [];
  const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
  const ask = async (key: keyof typeof keys, method: string, path: string, body?: unknown) => {
    const answer = await relay.ask(method, path, bearer(keys[key]), body);
    own.push(answer.text);
    return answer;
  };
  const stranger = async (headers: Record<string, string>, method: string, path: string, body?: unknown) => {
    toStrangers.push((await relay.ask(method, path, headers, body)).text);
  };
  const [beta, gamma] = [tenant('beta'), tenant('gamma')];
  const webhook = {
    url: `${hook.origin}/${secret('hook path')}?key=${secret('hook query')}`,
    headers: [`Authorization: ${secret('hook header')}`],
    secret: [secret('hook secret', whsec())],
  };
  const made = await ask('boss', 'PUT', '/v1/apps/beta', { ...beta.settings, webhook });
  expect(made.status, made.text).toBe(201);
  const account = JSON.parse(gamma.settings.android?.credential ?? '');
  await ask('boss', 'POST', '/v1/apps', { name: 'beta', ...gamma.settings });
  await ask('boss', 'PUT', '/v1/apps/beta/providers/ios?probe=true', { ...gamma.settings.ios, key_id: 'SOMEBODYS1' });
  await ask('boss', 'PUT', '/v1/apps/beta/providers/android', {
    credential: { ...account, private_key: secret('no key') },
  });
  await ask('boss', 'PUT', '/v1/apps/beta/providers/android', { credential: secret('no account') });
  await ask('boss', 'PUT', '/v1/apps/beta/providers/huawei?probe=true', {
    appid: '1',
    appsecret: secret('wrong secret'),
  });
  await ask('boss', 'PATCH', '/v1/apps/beta', `{"huawei": {"appsecret": "${secret('cut off')}"`);
  await ask('boss', 'PATCH', '/v1/apps/beta', { rate_limit: secret('no number'), ios: secret('no section') });

  const notifications = [1, 2, 3].flatMap((platform) =>
    ['good', 'bad'].flatMap((kind) =>
      [undefined, 'acme', 'beta'].map((app) => ({
        platform,
        tokens: [token(`${kind}${platform}${app ?? ''}`)],
        topic: platform === 1 ? 'com.example' : undefined,
        title: 't',
        message: 'm',
        ...(app ? { app } : {}),
      })),
    ),
  );
  const pushed = await ask('boss', 'POST', '/api/push', { notifications });
  expect(pushed.status, pushed.text).toBe(200);
  const asked = notifications[0]?.tokens[0] as string;
  await ask('boss', 'GET', `/v1/pushes/${pushed.body.request_id}?token=${asked}`);
  const odd = [
    `{"notifications":[{"platform":1,"tokens":["${token('odd')}"`,
    { notifications: [{ platform: 'x', tokens: token('text') }] },
  ];
  for (const body of odd) await ask('boss', 'POST', '/api/push', body);
  scene.providers.revoke('acme');
  await ask('acme', 'POST', '/api/push', {
    notifications: [1, 2, 3].map((platform) => ({
      platform,
      tokens: [token(`gone${platform}`)],
      message: 'm',
      retry: 1,
    })),
  });

  for (const path of [
    '/metrics',
    '/readyz',
    '/api/config',
    '/openapi.json',
    '/api/stat/app',
    '/api/stat/go',
    '/sys/stats',
    '/version',
  ])
    await stranger(bearer(keys.scraper), 'GET', path);
  for (const path of ['/v1/apps', '/v1/apps/acme', '/v1/apps/beta', '/v1/pushes', '/v1/pushes?status=failed&app=beta'])
    await stranger(bearer(keys.boss), 'GET', path);
  for (const path of ['/v1/pushes', `/v1/pushes/${pushed.body.request_id}`])
    await stranger(bearer(keys.acme), 'GET', path);
  const wrong = secret('wrong key');
  const guesses: Record<string, string>[] = [
    {},
    bearer(wrong),
    { Authorization: wrong },
    { Authorization: `Basic ${Buffer.from(`user:${wrong}`).toString('base64')}` },
    { 'X-API-Key': keys.boss.slice(0, -1) },
    { 'X-API-Key': `${wrong}\u00e4` },
  ];
  for (const headers of guesses)
    for (const path of ['/', '/readyz', '/metrics', '/api/config', '/v1/apps/beta', '/nowhere', '/api/push'])
      await stranger(headers, 'GET', path);
  await stranger({}, 'POST', '/api/push', { notifications });
  return { own, toStrangers };
}

test.each([
  { format: 'json', sync: true },
  { format: 'string', sync: false },
])(
  'with log.format $format and core.sync $sync no secret is anywhere, and device tokens are where they may be',
  async ({ format, sync }) => {
    const scene = await openScene();
    const { providers, hook, canaries, secret, tenant } = scene;
    const masterKey = secret('master key', randomBytes(32).toString('base64'));
    const keys = { boss: secret('boss key'), acme: secret('acme key'), scraper: secret('scraper key') };
    const main = tenant('main');
    const acme = tenant('acme');
    const relay = new WatchedRelay({
      MARTLET_MASTER_KEY: masterKey,
      MARTLET_HUAWEI_APPSECRET: main.settings.huawei?.appsecret ?? '',
    });
    closers.push(() => relay.close());
    writeFileSync(relay.path('ca.pem'), providers.ca);
    const { origin } = providers;
    const common = { enabled: true, max_retry: 1 };
    const { appsecret: _, ...huawei } = main.settings.huawei ?? {};
    await relay.serve({
      core: {
        sync,
        ca_path: relay.path('ca.pem'),
        feedback_hook_url: `http://user:${secret('hook password')}@${hook.origin.slice(7)}/main`,
        feedback_hook_headers: [`x-key: ${secret('header of the hook')}`],
        feedback_secret: [secret('secret of the hook', whsec())],
      },
      queue: { backoff: 0.02, max_age: 2, local: { path: relay.path('queue.db') } },
      log: { format, access_level: 'debug', error_level: 'debug', hide_token: true, audit: relay.path('audit.log') },
      history: { path: relay.path('history.db') },
      auth: {
        max_failures: 0,
        keys: {
          boss: { sha256: secret('digest of a key', sha256(keys.boss)), scopes: ['admin'] },
          acme: { sha256: sha256(keys.acme), scopes: ['push', 'read'], apps: ['acme'] },
          scraper: { sha256: sha256(keys.scraper), scopes: ['read'] },
        },
      },
      ios: { ...main.settings.ios, ...common, endpoint: origin, sandbox_endpoint: origin },
      android: { ...main.settings.android, ...common, endpoint: origin },
      huawei: { ...huawei, ...common, endpoint: origin, auth_endpoint: origin },
      apps: {
        path: relay.path('apps.db'),
        allow_private_hooks: true,
        acme: { ...acme.settings, webhook: { url: `${hook.origin}/acme`, allow_private: true } },
      },
    });
    const { own, toStrangers } = await drive(relay, scene, keys);
    await until(() => hook.calls.length >= 12);
    relay.signal('SIGPIPE');
    await until(() => relay.files('report').size >= 1);
    await sleep(200);
    const open = relay.files('apps.db', 'history.db');
    await relay.end('SIGUSR2');
    const report = relay.files('report');
    expect(report.size).toBe(2);
    expect(relay.output()).toContain('provoked');
    expect(providers.seen.length).toBeGreaterThan(15);
    for (const { authorization } of providers.seen) secret('a provider or access token', authorization);

    const places: [name: string, text: string, tokens: boolean][] = [
      ['the answers to those who asked', own.join('\n'), false],
      ['the answers to others', toStrangers.join('\n'), true],
      ['the logs', relay.output(), true],
      ...[...open, ...relay.files('apps.db', 'history.db', 'audit.log'), ...report].map(
        ([name, text]): [string, string, boolean] => [name, text, true],
      ),
      ...[...relay.files('queue.db')].map(([name, text]): [string, string, boolean] => [name, text, false]),
      ['the bodies for the hooks', hook.calls.map(({ text }) => text).join('\n'), false],
    ];
    const filled = places.filter(([, text]) => text.length > 100).map(([name]) => name);
    expect(filled).toEqual(expect.arrayContaining(['apps.db', 'history.db', 'audit.log', 'queue.db', 'the logs']));
    for (const [name, text, tokens] of places) {
      expect(canaries.foundIn(text, { tokens }), name).toEqual([]);
    }
  },
);
