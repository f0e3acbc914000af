import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../support/until.ts';
import { startTenantProviders, type TenantProviders } from '../tenant-providers.ts';
import { newMasterKey, startSelfService } from './self-service-relay.ts';

let providers: TenantProviders;
beforeAll(async () => {
  providers = await startTenantProviders((provider, token) =>
    provider === 'apns' && /^0+$/.test(token) ? { status: 400, body: { reason: 'BadDeviceToken' } } : undefined,
  );
});
afterAll(() => providers.close());
beforeEach(() => void providers.seen.splice(0));

const acmeOf = () => providers.tenant('acme').settings;
const who = () => providers.seen.map(({ provider, by, token }) => `${provider} ${by} ${token}`).sort();

describe('an app', () => {
  test('that was made is pushed for at once, with its own credentials', async () => {
    const { ask, push } = await startSelfService(providers);
    const made = await ask('PUT', '/v1/apps/acme', acmeOf());
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/v1/apps/acme');
    const answer = await push(
      { platform: 1, tokens: ['a1'], app: 'acme' },
      { platform: 1, tokens: ['a2'], topic: 'com.example.acme' },
      { platform: 2, tokens: ['b1'], app: 'acme' },
      { platform: 3, tokens: ['c1'], app: 'acme', message: 'm', title: 't' },
      { platform: 1, tokens: ['d1'], topic: 'com.main' },
    );
    expect(answer).toMatchObject({ status: 200, body: { logs: [] } });
    expect(who()).toEqual(['apns acme a1', 'apns acme a2', 'apns main d1', 'fcm acme b1', 'hms acme c1']);
  });

  test('is shown with what tells its credentials apart, and nothing else of them', async () => {
    const { ask } = await startSelfService(providers);
    const settings = acmeOf();
    await ask('POST', '/v1/apps', { name: 'acme', ...settings, webhook: { url: 'https://hooks.example/secret' } });
    const { status, body, headers, text } = await ask('GET', '/v1/apps/acme');
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe(`"${body.version}"`);
    expect(body).toMatchObject({
      name: 'acme',
      origin: 'store',
      ios: { has_key: true, kind: 'token', key_id: settings.ios?.key_id, team_id: settings.ios?.team_id },
      android: { has_key: true, project_id: 'project-acme', client_email: 'push@acme.example' },
      huawei: { has_key: true, appid: 'id-acme' },
      default_topic: 'com.example.acme',
      webhook: { origin: 'https://hooks.example', headers: [], secrets: 0 },
    });
    expect(body.ios.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(text).not.toContain('secret-acme');
    expect(text).not.toContain('/secret');
    expect(text).not.toContain(settings.ios?.key_base64);
  });

  test('does not become larger by patches than one request could have made it', async () => {
    const { ask } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    const text = 'x'.repeat(100_000);
    for (const patch of [{ email: { reply_to: text } }, { email: { from: text } }])
      expect((await ask('PATCH', '/v1/apps/acme', patch)).status).toBe(200);
    const { status, body } = await ask('PATCH', '/v1/apps/acme', { email: { password: text } });
    expect([status, body.message]).toEqual([400, 'all settings of an app have at most 262144 bytes as JSON']);
    expect((await ask('PATCH', '/v1/apps/acme', { email: null })).status).toBe(200);
  });

  test('has no credential that reads files of this machine, by whatever door it comes', async () => {
    const asked: string[] = [];
    const listener = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('{}');
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void listener.close());
    const origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const credential = {
      type: 'external_account',
      project_id: 'p',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${origin}/token`,
      credential_source: { file: fileURLToPath(import.meta.url) },
    };
    const { ask, push } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    for (const [method, path, body] of [
      ['PUT', '/v1/apps/acme', { android: { credential } }],
      ['PATCH', '/v1/apps/acme', { android: { credential: JSON.stringify(credential) } }],
      ['POST', '/v1/apps', { name: 'other', android: { credential } }],
      ['PUT', '/v1/apps/acme/providers/android', { credential }],
      ['PUT', '/v1/apps/acme/providers/android?probe=true', { credential }],
    ] as const) {
      const { status, body: answer } = await ask(method, path, body);
      expect(status).toBe(400);
      expect(answer.details).toEqual([
        { path: 'android.credential', reason: expect.stringContaining('it can be used in config.yml only') },
      ]);
    }
    await push({ platform: 2, tokens: ['b1'], app: 'acme' });
    expect(who()).toEqual(['fcm acme b1']);
    expect(asked).toEqual([]);
  });

  test('that is deleted is known no more', async () => {
    const { ask, push } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    expect((await push({ platform: 1, tokens: ['a1'], app: 'acme' })).status).toBe(200);
    expect((await ask('DELETE', '/v1/apps/acme')).status).toBe(204);
    expect((await ask('GET', '/v1/apps/acme')).status).toBe(404);
    expect((await ask('DELETE', '/v1/apps/acme')).status).toBe(404);
    expect((await push({ platform: 1, tokens: ['a1'], app: 'acme' })).status).toBe(400);
  });

  test('is there again after a restart with the same key', async () => {
    const masterKey = newMasterKey();
    const first = await startSelfService(providers, { masterKey });
    await first.ask('PUT', '/v1/apps/acme', acmeOf());
    await first.close();
    const second = await startSelfService(providers, { masterKey, folder: first.folder });
    expect((await second.push({ platform: 1, tokens: ['a1'], app: 'acme' })).status).toBe(200);
    expect(who()).toEqual(['apns acme a1']);
  });

  test('that another process made is known with the first push for it', async () => {
    const masterKey = newMasterKey();
    const more = { apps: { ttl: 3600 } };
    const one = await startSelfService(providers, { masterKey, more });
    const other = await startSelfService(providers, { masterKey, folder: one.folder, more });
    for (const app of ['acme', 'beta']) {
      await one.ask('PUT', `/v1/apps/${app}`, acmeOf());
      const pushes = [
        { platform: 1, tokens: ['m1'], topic: 'com.main' },
        { platform: 1, tokens: [app], app: app.toUpperCase() },
      ];
      expect((await other.push(...pushes)).status).toBe(200);
    }
    expect(who().filter((each) => !each.includes(' main '))).toEqual(['apns acme acme', 'apns acme beta']);
    expect((await other.push({ platform: 1, tokens: ['a1'], app: 'nobody' })).status).toBe(400);
  });
});

describe('changes', () => {
  test('name the version that they are for, and fail when it is another', async () => {
    const { ask } = await startSelfService(providers);
    const made = await ask('PUT', '/v1/apps/acme', { rate_limit: 5 }, { 'if-none-match': '*' });
    expect(made.status).toBe(201);
    const tag = made.headers.get('etag') as string;
    expect((await ask('PUT', '/v1/apps/acme', {}, { 'if-none-match': '*' })).status).toBe(412);
    const patched = await ask('PATCH', '/v1/apps/acme', { rate_limit: 6 }, { 'if-match': tag });
    expect(patched).toMatchObject({ status: 200, body: { rate_limit: 6 } });
    expect((await ask('PATCH', '/v1/apps/acme', { rate_limit: 7 }, { 'if-match': tag })).status).toBe(412);
    expect((await ask('DELETE', '/v1/apps/acme', undefined, { 'if-match': tag })).status).toBe(412);
    expect((await ask('PUT', '/v1/apps/nobody', {}, { 'if-match': '*' })).status).toBe(412);
    expect((await ask('DELETE', '/v1/apps/acme', undefined, { 'if-match': '"1", *' })).status).toBe(412);
    expect((await ask('DELETE', '/v1/apps/acme', undefined, { 'if-match': '*' })).status).toBe(204);
  });

  test('by a merge patch keep what they do not name, and take away what is null', async () => {
    const { ask, push } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    const { body } = await ask('PATCH', '/v1/apps/acme', {
      android: null,
      limits: { tokens: 1 },
      default_topic: 'com.b',
    });
    expect(body.android).toBeUndefined();
    expect(body).toMatchObject({ limits: { tokens: 1 }, default_topic: 'com.b', ios: { has_key: true } });
    expect((await push({ platform: 1, tokens: ['a1'], app: 'acme' })).status).toBe(200);
    expect((await push({ platform: 1, tokens: ['a1', 'a2'], app: 'acme' })).status).toBe(400);
    expect(providers.seen[0]).toMatchObject({ by: 'acme', topic: 'com.b' });
  });

  test('of two at once both are made', async () => {
    const { ask } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', {});
    const patches = [{ rate_limit: 3 }, { limits: { tokens: 4 } }, { default_topic: 'com.b' }];
    const answers = await Promise.all(patches.map((patch) => ask('PATCH', '/v1/apps/acme', patch)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await ask('GET', '/v1/apps/acme')).body).toMatchObject({
      rate_limit: 3,
      limits: { tokens: 4 },
      default_topic: 'com.b',
    });
  });

  test('are logged and written to the audit log', async () => {
    const { ask, lines } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    await ask('PUT', '/v1/apps/acme/providers/ios', { key_base64: 'no' });
    await ask('DELETE', '/v1/apps/acme/providers/android');
    const audit = lines
      .join('')
      .split('\n')
      .filter((line) => line.includes('"action"'));
    expect(audit.map((line) => JSON.parse(line))).toMatchObject([
      { action: 'app.create', apps: { acme: 0 }, status: 201, address: '127.0.0.1' },
      { action: 'provider.update', apps: { acme: 0 }, target: 'provider: ios', status: 400 },
      { action: 'provider.delete', apps: { acme: 0 }, target: 'provider: android', status: 200 },
    ]);
  });
});

describe('a provider', () => {
  test('is replaced while pushes go on, and none fails', async () => {
    const { ask, push } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    const next = acmeOf();
    let going = true;
    const failed: unknown[] = [];
    const load = (async () => {
      for (let n = 0; going; n++) {
        const { status, body } = await push({ platform: 1, tokens: [`t${n}`], app: 'acme' });
        if (status !== 200 || body.logs.length > 0) failed.push(body);
      }
    })();
    const put = await ask('PUT', '/v1/apps/acme/providers/ios', next.ios);
    expect(put).toMatchObject({ status: 200, body: { ios: { key_id: next.ios?.key_id } } });
    const before = providers.seen.length;
    await until(() => providers.seen.length >= before + 3);
    going = false;
    await load;
    expect(failed).toEqual([]);
    const kid = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] as string, 'base64url').toString()).kid;
    expect(kid(providers.seen.at(-1)?.authorization as string)).toBe(next.ios?.key_id);
  });

  test('is asked about its credential first, if wanted; a refused one replaces nothing', async () => {
    const { ask } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    const good = await ask('PUT', '/v1/apps/acme/providers/ios?probe=true', acmeOf().ios);
    expect(good.status).toBe(200);
    expect(providers.seen).toMatchObject([{ by: 'acme', topic: 'com.example.acme', token: '0'.repeat(64) }]);

    const unknown = { ...acmeOf().ios, key_id: 'NOBODYSKEY' };
    const refused = await ask('PUT', '/v1/apps/acme/providers/ios?probe=true', unknown);
    expect(refused).toMatchObject({
      status: 422,
      body: { details: [{ path: 'ios', reason: 'InvalidProviderToken' }] },
    });
    expect((await ask('GET', '/v1/apps/acme')).body.ios.key_id).toBe(good.body.ios.key_id);
  });

  test('of FCM and HMS are asked by signing in', async () => {
    const { ask } = await startSelfService(providers);
    const { android, huawei } = acmeOf();
    await ask('PUT', '/v1/apps/acme', {});
    expect((await ask('PUT', '/v1/apps/acme/providers/android?probe=true', android)).status).toBe(200);
    expect((await ask('PUT', '/v1/apps/acme/providers/huawei?probe=true', huawei)).status).toBe(200);
    const account = { ...JSON.parse(android?.credential as string), client_email: 'nobody@acme.example' };
    const wrong = [
      await ask('PUT', '/v1/apps/acme/providers/android?probe=true', { credential: account }),
      await ask('PUT', '/v1/apps/acme/providers/huawei?probe=true', { ...huawei, appsecret: 'canary' }),
    ];
    expect(wrong.map(({ status }) => status)).toEqual([422, 422]);
    expect(wrong[1]?.text).not.toContain('canary');
  });

  test('that cannot be asked is no proof against the credential', async () => {
    const more = { ios: { sandbox_endpoint: 'https://localhost:1', request_timeout: 0.5 } };
    const { ask } = await startSelfService(providers, { more });
    await ask('PUT', '/v1/apps/acme', {});
    const body = { ...acmeOf().ios, production: false };
    expect((await ask('PUT', '/v1/apps/acme/providers/ios?probe=true', body)).status).toBe(502);
    expect((await ask('PUT', '/v1/apps/acme/providers/ios', body)).status).toBe(200);
  });

  test('is taken away', async () => {
    const { ask, push } = await startSelfService(providers);
    await ask('PUT', '/v1/apps/acme', acmeOf());
    expect((await ask('DELETE', '/v1/apps/acme/providers/huawei')).status).toBe(200);
    expect((await ask('DELETE', '/v1/apps/acme/providers/huawei')).status).toBe(404);
    const answer = await push({ platform: 3, tokens: ['c1'], app: 'acme', message: 'm', title: 't' });
    expect(answer).toMatchObject({ status: 503, text: expect.stringContaining('PushNotConfigured') });
  });
});

describe('a list', () => {
  test('comes in pages, with the apps of config.yml, which cannot be changed', async () => {
    const more = { apps: { gamma: { default_topic: 'com.gamma' } } };
    const { ask } = await startSelfService(providers, { more });
    for (const name of ['delta', 'alpha', 'beta']) await ask('PUT', `/v1/apps/${name}`, {});
    const first = await ask('GET', '/v1/apps?limit=2');
    expect(first.body.apps.map(({ name }: { name: string }) => name)).toEqual(['alpha', 'beta']);
    const next = await ask('GET', `/v1/apps?limit=2&cursor=${first.body.next_cursor}`);
    expect(next.body).toMatchObject({ apps: [{ name: 'delta' }, { name: 'gamma', origin: 'file' }] });
    expect(next.body.next_cursor).toBeUndefined();
    expect((await ask('PUT', '/v1/apps/gamma', {})).status).toBe(409);
    expect((await ask('DELETE', '/v1/apps/gamma')).status).toBe(409);
    expect((await ask('GET', '/v1/apps?limit=0')).status).toBe(400);
  });
});

describe('without what it needs', () => {
  test('a master key, nothing can be kept, and nothing is written', async () => {
    const { ask, folder } = await startSelfService(providers, { masterKey: undefined });
    const answer = await ask('PUT', '/v1/apps/acme', {});
    expect(answer).toMatchObject({ status: 403, body: { message: expect.stringContaining('set MARTLET_MASTER_KEY') } });
    expect((await ask('GET', '/v1/apps')).body).toEqual({ apps: [] });
    const { existsSync } = await import('node:fs');
    expect(existsSync(`${folder}/apps.db`)).toBe(false);
  });

  test.each([undefined, newMasterKey(), 'no key at all'])(
    'the right master key (%#), apps are known, the error says what to set, and the rest works',
    async (masterKey) => {
      const first = await startSelfService(providers);
      await first.ask('PUT', '/v1/apps/acme', acmeOf());
      await first.close();
      const { ask, push } = await startSelfService(providers, { masterKey, folder: first.folder });
      expect((await ask('GET', '/v1/apps/acme')).body).toMatchObject({ name: 'acme', ios: { has_key: true } });
      const refused = await push({ platform: 1, tokens: ['a1'], app: 'acme' });
      expect(refused).toMatchObject({ status: 503, text: expect.stringContaining('MARTLET_MASTER_KEY') });
      const ready = await ask('GET', '/readyz');
      expect(ready.status).toBe(200);
      expect(ready.body.checks).toContainEqual(
        expect.objectContaining({
          name: 'apps',
          status: 'warn',
          output: expect.stringContaining('MARTLET_MASTER_KEY'),
        }),
      );
      expect((await push({ platform: 1, tokens: ['a1'], topic: 'com.main' })).status).toBe(200);
      expect((await ask('PATCH', '/v1/apps/acme', { rate_limit: 1 })).status).toBeGreaterThanOrEqual(403);
    },
  );

  test('a loopback address or keys, nobody is an administrator', async () => {
    const { ask } = await startSelfService(providers, { more: { core: { address: '0.0.0.0' } } });
    for (const [method, path] of [
      ['GET', '/v1/apps'],
      ['PUT', '/v1/apps/acme'],
      ['DELETE', '/v1/apps/acme/providers/ios'],
    ] as const)
      expect(await ask(method, path, method === 'GET' ? undefined : {})).toMatchObject({
        status: 403,
        body: { message: expect.stringContaining('auth.keys') },
      });
  });
});

test('MARTLET_MASTER_KEY is no unknown variable', async () => {
  const { warnings } = await startSelfService(providers);
  expect(warnings.filter((line) => line.includes('MASTER_KEY'))).toEqual([]);
});
