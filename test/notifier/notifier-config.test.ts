import { expect, test } from 'vitest';
import { loadConfig } from '../../src/host/config/load.ts';
import { configValues, type NotifierConfig, ownNames } from '../../src/notifier/notifier-config.ts';
import { memoryStorage, type PushStorage, postgresStorage, sqliteStorage } from '../../src/notifier/push-storage.ts';

const load = (config: NotifierConfig, storage = memoryStorage()) =>
  loadConfig({ env: {}, cwd: '/', values: configValues(config, storage) });

test.each<[NotifierConfig, string]>([
  [{}, 'mode: "local" needs credentials'],
  [{ mode: 'gorush' }, 'gorush.url: is missing'],
  [{ mode: 'gorush', gorush: { url: [] } }, 'gorush.url: is missing'],
  [{ sandbox: true, gorush: { url: 'http://gorush:8088' } }, 'gorush: has no effect with mode "local"'],
  [{ mode: 'none', ios: {} }, 'ios: has no effect with mode "none"'],
])('%j is refused, and the error names the setting and the fix', (config, text) => {
  expect(() => configValues(config, memoryStorage())).toThrow(text);
});

test.each<[unknown, unknown, string]>([
  [undefined, memoryStorage(), 'config: is missing'],
  ['local', memoryStorage(), 'config: is missing'],
  [{ sandbox: true }, undefined, 'storage: is missing: give sqliteStorage("data/push.db")'],
  [{ sandbox: true }, { path: 'push.db' }, 'storage: is missing'],
  [{ sandbox: true }, postgresStorage('postgres://u@h/d'), 'postgresStorage: needs a masterKey, 32 bytes'],
  [{ sandbox: true, andriod: {} }, memoryStorage(), 'andriod: unknown field; did you mean "android"?'],
])('%j with the storage %j, as JavaScript lets it by, is refused by name', (config, storage, text) => {
  expect(() => configValues(config as NotifierConfig, storage as PushStorage)).toThrow(text);
});

test('a section that is given is on, the others are off; the storage says where everything is', () => {
  const ntfy = { endpoint: 'https://ntfy.example.com' };
  const { config, warnings } = load({ ntfy, core: { http_proxy: 'http://proxy:3128' } }, sqliteStorage('/x/push.db'));
  expect([config.ntfy.enabled, config.android.enabled, config.email.enabled]).toEqual([true, false, false]);
  expect(config.hub).toMatchObject({ enabled: true, path: '/x/push.db', postgres: '', push: { mode: 'local' } });
  expect(config.queue.local.path).toBe('/x/push.db-queue');
  expect(config.core.http_proxy).toBe('http://proxy:3128');
  expect(warnings).toEqual([]);
  const url = 'postgres://u@h/d';
  expect(load({ ntfy }, postgresStorage(url, { masterKey: 'k' })).config.hub.postgres).toBe(url);
});

test('other Gorushes are given by url, and errors call settings as they are called here', () => {
  const gorush = { url: 'http://gorush:8088', api_key: 'k', rate_limit: 100, batch_size: 50 };
  expect(load({ mode: 'gorush', gorush, max_age: 60 }).config.hub.push).toEqual({
    ...{ mode: 'gorush', urls: ['http://gorush:8088'], api_key: 'k', rate_limit: 100, batch_size: 50 },
    ...{ health_interval: 5, max_age: 60 },
  });
  expect(ownNames('hub.push.urls: must be …; hub.push.batch_size: …; hub.postgres: …')).toBe(
    'gorush.url: must be …; gorush.batch_size: …; postgresStorage: …',
  );
});
