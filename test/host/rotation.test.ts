import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { App } from '../../src/apps/app.ts';
import { fileApp } from '../../src/apps/file-apps.ts';
import { Rotation } from '../../src/host/rotation.ts';
import { startRelayWithApps } from '../apps/relay-with-apps.ts';
import { startTenantProviders, type Tenant, type TenantProviders } from '../apps/tenant-providers.ts';
import { until } from '../support/until.ts';
import { Lines } from '../tls/tls-kit.ts';

let providers: TenantProviders;
beforeAll(async () => {
  providers = await startTenantProviders();
});
afterAll(() => providers.close());
beforeEach(() => void providers.seen.splice(0));

const p8Of = ({ settings }: Tenant): string => Buffer.from(settings.ios?.key_base64 ?? '', 'base64').toString();

/** The iOS section of a tenant with its key in a file. */
function keyFile(folder: string, tenant: Tenant) {
  const { key_base64: _, ...ios } = tenant.settings.ios ?? {};
  const key_path = join(folder, `${tenant.name}.p8`);
  writeFileSync(key_path, p8Of(tenant));
  return { ...ios, key_path };
}

test('a key changes under load, and the old one is revoked: no push fails', async () => {
  const [old, next] = [providers.tenant('old'), providers.tenant('next')];
  const relay = await startRelayWithApps(providers, [old]);
  const failed: unknown[] = [];
  let sent = 0;
  let stop = false;
  const load = async (worker: number): Promise<void> => {
    while (!stop) {
      const tokens = Array.from({ length: 20 }, (_, i) => `t${worker}x${sent}x${i}`);
      sent += tokens.length;
      const { status, body } = await relay.push({ platform: 1, tokens, topic: 'com.example' });
      if (status !== 200 || body.logs?.length) failed.push(body);
    }
  };
  const workers = [0, 1, 2, 3].map(load);
  await until(() => providers.seen.length > 200);
  relay.write({ ...relay.sections, ios: { ...relay.sections.ios, ...next.settings.ios } });
  await until(() => providers.seen.some(({ by }) => by === 'next'));
  await until(() => relay.lines.infos.length > 0);
  providers.revoke('old');
  const mark = providers.seen.length;
  await until(() => providers.seen.length > mark + 200);
  stop = true;
  await Promise.all(workers);
  expect(failed).toEqual([]);
  expect(new Set(providers.seen.slice(mark).map(({ by }) => by))).toEqual(new Set(['next']));
  expect(providers.seen).toHaveLength(sent);
});

test('a key file that gets other contents is noticed without a signal, for the default app and for others', async () => {
  const [a, b, c] = [providers.tenant('aa'), providers.tenant('bb'), providers.tenant('cc')] as const;
  const relay = await startRelayWithApps(providers, [a, c]);
  const ios = keyFile(relay.folder, a);
  relay.write({
    ...relay.sections,
    ios: { ...relay.sections.ios, key_base64: '', ...ios },
    apps: { cc: { ios: keyFile(relay.folder, c) } },
  });
  relay.reload();
  // Its id stays: a provider that tells keys apart by their signature alone refuses the new one, which is proof enough.
  writeFileSync(join(relay.folder, 'aa.p8'), p8Of(b));
  writeFileSync(join(relay.folder, 'cc.p8'), p8Of(b));
  await until(() => relay.lines.infos.some((line) => line.includes('1 apps')) && relay.lines.infos.length >= 3);
  await relay.push({ platform: 1, tokens: ['t1'], topic: 'x', retry: 1 });
  await relay.push({ platform: 1, tokens: ['t2'], app: 'cc', retry: 1 });
  expect(providers.seen.map(({ by, token }) => [by, token])).toEqual([
    [undefined, 't1'],
    [undefined, 't2'],
  ]);
});

test('a bad key is refused and told, and the old one stays in use', async () => {
  const tenant = providers.tenant('good');
  const relay = await startRelayWithApps(providers, [tenant]);
  relay.write({ ...relay.sections, ios: { ...relay.sections.ios, key_base64: 'bm8=' } });
  await until(() => relay.lines.errors.length > 0);
  expect(relay.lines.errors[0]).toMatch(/not taken over: ios\.key_base64: no private key/);
  expect(await relay.push({ platform: 1, tokens: ['t1'], topic: 'x' })).toMatchObject({
    status: 200,
    body: { logs: [] },
  });
  rmSync(join(relay.folder, 'config.yml'));
  relay.reload();
  expect(relay.lines.errors.length).toBeGreaterThan(1);
  expect((await relay.push({ platform: 1, tokens: ['t2'], topic: 'x' })).body.logs).toEqual([]);
});

test('apps come and go with the file', async () => {
  const [main, acme] = [providers.tenant('main'), providers.tenant('acme')];
  const relay = await startRelayWithApps(providers, [main]);
  const push = () => relay.push({ platform: 1, tokens: ['t1'], app: 'acme' });
  expect((await push()).status).toBe(400);
  relay.write({ ...relay.sections, apps: { acme: acme.settings } });
  relay.reload();
  expect(await push()).toMatchObject({ status: 200, body: { logs: [] } });
  expect(providers.seen.at(-1)?.by).toBe('acme');
  relay.write(relay.sections);
  relay.reload();
  expect((await push()).status).toBe(400);
});

test('apps that the file no longer has are named', async () => {
  const tenants = ['main', 'acme', 'beta'].map((name) => providers.tenant(name));
  const relay = await startRelayWithApps(providers, tenants);
  relay.write({ ...relay.sections, apps: { beta: relay.sections.apps?.beta as object } });
  relay.reload();
  expect(relay.lines.warnings).toEqual(['apps no longer in the configuration: acme']);
  expect(relay.lines.infos).toEqual([]);
});

test('a file that is empty or gone for the moment changes nothing, though the environment alone would be a configuration', async () => {
  const [main, acme] = [providers.tenant('main'), providers.tenant('acme')];
  const relay = await startRelayWithApps(providers, [main, acme]);
  const file = join(relay.folder, 'config.yml');
  const { apps, lanes } = relay.server.relay;
  const empty = { ...relay.config, apps: { ...relay.config.apps, named: {} } };
  const log = new Lines();
  const rotation = new Rotation({
    config: relay.config,
    // What a relay finds that has no file: the environment, or another file.
    load: () => empty,
    file,
    env: {},
    apps,
    lanes,
    log,
    watchMs: 3_600_000,
  });
  writeFileSync(file, ' \n');
  rotation.reload();
  rmSync(file);
  rotation.reload();
  rotation.close();
  expect(log.errors).toEqual([
    expect.stringMatching(/config\.yml: is empty; what was read before stays/),
    expect.stringMatching(/config\.yml: no such file or directory; what was read before stays/),
  ]);
  expect(apps.get('acme')).toBeDefined();
});

test('an app made at run time is in use again when the file no longer has one of its name', async () => {
  const [main, acme, other] = [providers.tenant('main'), providers.tenant('acme'), providers.tenant('other')];
  const relay = await startRelayWithApps(providers, [main, acme]);
  const { apps, lanes } = relay.server.relay;
  const stored: App = { ...fileApp('acme', other.settings), origin: 'store' };
  const rotation = new Rotation({
    config: relay.config,
    load: () => ({ ...relay.config, apps: { ...relay.config.apps, named: {} } }),
    file: undefined,
    env: {},
    apps,
    stored: (name) => (name === 'acme' ? stored : undefined),
    lanes,
    log: new Lines(),
  });
  await relay.push({ platform: 1, tokens: ['t1'], app: 'acme' });
  rotation.reload();
  rotation.close();
  await relay.push({ platform: 1, tokens: ['t2'], app: 'acme' });
  expect(providers.seen.map(({ by, token }) => [by, token])).toEqual([
    ['acme', 't1'],
    ['other', 't2'],
  ]);
});

test('what needs a restart is said', async () => {
  const relay = await startRelayWithApps(providers, [providers.tenant('main')]);
  const apps = { ...relay.sections.apps, cache: 3, inherit: false };
  relay.write({ ...relay.sections, queue: { ...relay.sections.queue, max_age: 99 }, apps });
  relay.reload();
  expect(relay.lines.warnings).toEqual(['changes of queue, apps.cache, apps.inherit count after a restart']);
});
