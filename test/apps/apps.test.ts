import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startRelayWithApps } from './relay-with-apps.ts';
import { startTenantProviders, type TenantProviders } from './tenant-providers.ts';

let providers: TenantProviders;
beforeAll(async () => {
  providers = await startTenantProviders((_, token) =>
    token.startsWith('dead') ? { status: 410, body: { reason: 'Unregistered' } } : undefined,
  );
});
afterAll(() => providers.close());
beforeEach(() => void providers.seen.splice(0));

const who = () => providers.seen.map(({ provider, by, token }) => `${provider} ${by} ${token}`).sort();

test('one request may hold pushes of several apps, each with its own credential, topic and project', async () => {
  const tenants = ['main', 'acme', 'beta'].map((name) => providers.tenant(name));
  const { push } = await startRelayWithApps(providers, tenants);
  const answer = await push(
    { platform: 1, tokens: ['a1'], topic: 'com.main' },
    { platform: 1, tokens: ['a2'], app: 'acme' },
    { platform: 1, tokens: ['a3'], app: 'BETA' },
    { platform: 2, tokens: ['b1'] },
    { platform: 2, tokens: ['b2'], app: 'acme' },
    { platform: 3, tokens: ['c2'], app: 'acme', message: 'm', title: 't' },
  );
  expect(answer).toMatchObject({ status: 200, body: { counts: 7, logs: [] } });
  expect(who()).toEqual(['apns acme a2', 'apns beta a3', 'apns main a1', 'fcm acme b2', 'fcm main b1', 'hms acme c2']);
  const seen = Object.fromEntries(providers.seen.map((each) => [each.token, each]));
  expect(seen.a2?.topic).toBe('com.example.acme');
  expect(seen.b2?.project).toBe('project-acme');
  expect(seen.b1?.project).toBe('project-main');
  expect(seen.c2?.project).toBe('id-acme');
});

test('the only app with the APNs topic or Firebase project of a notification is meant', async () => {
  const tenants = ['main', 'acme', 'beta'].map((name) => providers.tenant(name));
  const { push } = await startRelayWithApps(providers, tenants);
  await push(
    { platform: 1, tokens: ['a1'], topic: 'com.example.acme' },
    { platform: 1, tokens: ['a2'], topic: 'com.example.nobody' },
    { platform: 2, tokens: ['b1'], project_id: 'project-beta' },
  );
  expect(who()).toEqual(['apns acme a1', 'apns main a2', 'fcm beta b1']);
});

test('a topic that two apps have chooses neither', async () => {
  const [main, acme, beta] = ['main', 'acme', 'beta'].map((name) => providers.tenant(name));
  const topic = { default_topic: 'com.shared' };
  const { push } = await startRelayWithApps(providers, [
    main,
    ...[acme, beta].map((tenant) => ({ ...tenant, settings: { ...tenant?.settings, ...topic } })),
  ] as never);
  await push({ platform: 1, tokens: ['a1'], topic: 'com.shared' });
  expect(who()).toEqual(['apns main a1']);
});

test('an unknown app refuses the whole request, and names the field', async () => {
  const { push } = await startRelayWithApps(providers, [providers.tenant('main')]);
  const answer = await push({ platform: 1, tokens: ['a1'] }, { platform: 1, tokens: ['a2'], app: 'nobody' });
  expect(answer).toMatchObject({ status: 400, body: { details: [{ path: 'notifications[1].app' }] } });
  expect(providers.seen).toEqual([]);
});

test('an app without a credential for a platform that the default has none for either is a 503 with its name', async () => {
  const main = providers.tenant('main');
  const acme = providers.tenant('acme');
  const { android: _, ...noAndroid } = main.settings;
  const { android: __, ...without } = acme.settings;
  const { push } = await startRelayWithApps(providers, [
    { ...main, settings: noAndroid },
    { ...acme, settings: without },
  ]);
  const answer = await push({ platform: 2, tokens: ['b1'], app: 'acme' });
  expect(answer).toMatchObject({ status: 503, body: { message: expect.stringMatching(/PushNotConfigured.*acme/) } });
  expect(await push({ platform: 2, tokens: ['b1'] })).toMatchObject({
    status: 200,
    body: { logs: [{ reason: 'PlatformDisabled' }] },
  });
});

test("what an app does not set is the default's; what says who it is never is mixed", async () => {
  const [main, acme] = ['main', 'acme'].map((name) => providers.tenant(name));
  const { push } = await startRelayWithApps(
    providers,
    [main, { name: 'acme', settings: { ios: acme?.settings.ios, default_topic: 'com.acme' } }] as never,
    { ios: { ...main?.settings.ios, max_retry: 2 } },
  );
  await push({ platform: 2, tokens: ['b1'], app: 'acme' }, { platform: 1, tokens: ['a1'], app: 'acme' });
  expect(who()).toEqual(['apns acme a1', 'fcm main b1']);
});

test("an app's failed pushes say which app they were for", async () => {
  const tenants = ['main', 'acme'].map((name) => providers.tenant(name));
  const { push } = await startRelayWithApps(providers, tenants);
  const { body } = await push({ platform: 1, tokens: ['dead1'], app: 'acme' }, { platform: 1, tokens: ['dead2'] });
  const told = new Map(body.logs?.map((entry) => [entry.token, entry]));
  expect(told.get('dead1')).toMatchObject({ app: 'acme', reason: 'Unregistered' });
  expect(told.get('dead2')).not.toHaveProperty('app');
});

test('limits of an app refuse what is too large for it, and name the field', async () => {
  const [main, acme] = ['main', 'acme'].map((name) => providers.tenant(name));
  const limited = { name: 'acme', settings: { ...acme?.settings, limits: { tokens: 2, payload: 400 } } };
  const { push } = await startRelayWithApps(providers, [main, limited] as never);
  expect(await push({ platform: 1, tokens: ['a', 'b', 'c'], app: 'acme' })).toMatchObject({
    status: 400,
    body: { details: [{ path: 'notifications[0].tokens' }] },
  });
  expect((await push({ platform: 1, tokens: ['a'], app: 'acme', message: 'x'.repeat(500) })).status).toBe(400);
  expect((await push({ platform: 1, tokens: ['a', 'b'], app: 'acme' })).status).toBe(200);
  expect((await push({ platform: 1, tokens: ['a', 'b', 'c'] })).status).toBe(200);
});

test('with apps.inherit off, an app sends with credentials of its own only', async () => {
  const [main, acme] = ['main', 'acme'].map((name) => providers.tenant(name));
  const bare = { name: 'acme', settings: { ios: acme?.settings.ios, default_topic: 'com.acme' } };
  const apps = { inherit: false, acme: bare.settings };
  const { push } = await startRelayWithApps(providers, [main, bare] as never, { apps });
  expect((await push({ platform: 2, tokens: ['b1'], app: 'acme' })).status).toBe(503);
  expect((await push({ platform: 1, tokens: ['a1'], app: 'acme' })).status).toBe(200);
  expect(who()).toEqual(['apns acme a1']);
});
