import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteAppStore } from '../../src/apps/store/sqlite-app-store.ts';
import { appsCommand } from '../../src/cli/apps-command.ts';
import { loadConfig } from '../../src/host/config/load.ts';
import { newMasterKey, startSelfService } from '../apps/store/self-service-relay.ts';
import { startTenantProviders, type TenantProviders } from '../apps/tenant-providers.ts';

let providers: TenantProviders;
beforeAll(async () => {
  providers = await startTenantProviders();
});
afterAll(() => providers.close());

const run = async (folder: string, task: Parameters<typeof appsCommand>[0], masterKey?: string) => {
  const lines: string[] = [];
  const { config } = loadConfig({ path: join(folder, 'config.yml'), env: {}, cwd: folder });
  const good = await appsCommand(task, { config, masterKey, say: (line) => void lines.push(line) });
  return { good, text: lines.join('\n') };
};

test('apps are listed and shown without a key, and without their secrets', async () => {
  const { ask, folder } = await startSelfService(providers);
  await ask('PUT', '/v1/apps/acme', providers.tenant('acme').settings);
  const list = await run(folder, { do: 'list' });
  expect(list).toMatchObject({ good: true, text: expect.stringMatching(/^acme .*ios android huawei.*\n1 apps$/) });
  const show = await run(folder, { do: 'show', name: 'acme' });
  expect(JSON.parse(show.text)).toMatchObject({ name: 'acme', huawei: { has_key: true } });
  expect(show.text).not.toContain('secret-acme');
  expect(await run(folder, { do: 'show', name: 'nobody' })).toEqual({ good: false, text: 'there is no app nobody' });
});

test('secrets are resealed with the first key while the relay runs; then the old key can be removed', async () => {
  const [old, next] = [newMasterKey(), newMasterKey()];
  const { ask, push, folder, close } = await startSelfService(providers, { masterKey: old });
  for (const name of ['acme', 'beta']) await ask('PUT', `/v1/apps/${name}`, providers.tenant(name).settings);
  await expect(run(folder, { do: 'reseal' })).rejects.toThrow(/MARTLET_MASTER_KEY/);
  const alone = await run(folder, { do: 'reseal' }, next);
  expect(alone).toMatchObject({ good: false, text: expect.stringContaining('0 of 2 apps') });
  const both = await run(folder, { do: 'reseal' }, `${next},${old}`);
  expect(both).toMatchObject({ good: true, text: expect.stringContaining('2 of 2 apps were resealed') });
  expect((await run(folder, { do: 'reseal' }, next)).text).toContain('0 of 2 apps');
  expect((await push({ platform: 1, tokens: ['a1'], app: 'acme' })).status).toBe(200);
  await close();
  const after = await startSelfService(providers, { masterKey: next, folder });
  expect(await after.push({ platform: 1, tokens: ['a1'], app: 'beta' })).toMatchObject({
    status: 200,
    body: { logs: [] },
  });
});

test('a record that cannot be opened is told by its name, and the others are sealed anew', async () => {
  const [old, next] = [newMasterKey(), newMasterKey()];
  const { ask, folder, close } = await startSelfService(providers, { masterKey: old });
  for (const name of ['acme', 'beta']) await ask('PUT', `/v1/apps/${name}`, { rate_limit: 1 });
  await close();
  const store = openSqliteAppStore(join(folder, 'apps.db'), 1000);
  const { changed } = await store.load();
  await store.put('acme', changed.find(({ name }) => name === 'beta')?.text as string, 'any');
  await store.close();
  const { good, text } = await run(folder, { do: 'reseal' }, `${next}\n${old}`);
  expect(good).toBe(false);
  expect(text).toMatch(/^acme: .*sealed for another app\n1 of 2 apps.* 1 could not be/);
});

test('without a file there are no apps', async () => {
  const { folder } = await startSelfService(providers, { masterKey: undefined });
  expect(await run(folder, { do: 'list' })).toMatchObject({
    good: true,
    text: expect.stringContaining('no such file'),
  });
});
