import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRelayWithApps } from './relay-with-apps.ts';
import { startTenantProviders, type TenantProviders } from './tenant-providers.ts';

let providers: TenantProviders;
beforeAll(async () => {
  providers = await startTenantProviders();
});
afterAll(() => providers.close());

test('an app of config.yml is found in any case of letters, however the file writes it', async () => {
  const [main, acme] = [providers.tenant('main'), providers.tenant('acme')];
  const relay = await startRelayWithApps(providers, [main, { ...acme, name: 'Acme' }]);
  for (const app of ['acme', 'Acme', 'ACME'])
    expect(await relay.push({ platform: 1, tokens: [app], app })).toMatchObject({ status: 200, body: { logs: [] } });
  expect(providers.seen.map(({ by }) => by)).toEqual(['acme', 'acme', 'acme']);
  expect([...relay.server.relay.lanes].filter(({ app }) => app !== 'default').map(({ lane }) => lane.id.key)).toEqual([
    'acme/apns/production',
  ]);
});
