import { expect, test } from 'vitest';
import type { App } from '../../../src/apps/app.ts';
import { AppRegistry } from '../../../src/apps/app-registry.ts';
import { resealRecord, sealRecord } from '../../../src/apps/store/app-record.ts';
import type { AppStore, Known, Loaded, StoredText } from '../../../src/apps/store/app-store.ts';
import { parseMasterKeys } from '../../../src/apps/store/master-keys.ts';
import { AppSync } from '../../../src/apps/store/sync-apps.ts';
import { until } from '../../support/until.ts';
import { newMasterKey } from './self-service-relay.ts';

const keys = parseMasterKeys(newMasterKey(), 'test');

/** A store that a test breaks and mends. */
class HeldStore implements AppStore {
  readonly place = 'memory';
  readonly texts = new Map<string, StoredText>();
  revision = 0;
  broken = false;
  changed = (): void => {};

  hold(name: string, text: string): void {
    this.texts.set(name, { name, text, version: ++this.revision });
  }
  async load(known?: Known): Promise<Loaded> {
    if (this.broken) throw new Error('gone');
    const versions = new Map([...this.texts].map(([name, { version }]) => [name, version]));
    const changed = [...this.texts.values()].filter(({ name, version }) => known?.versions.get(name) !== version);
    return { revision: this.revision, versions, changed };
  }
  async put(): Promise<number> {
    throw new Error('not here');
  }
  async delete(): Promise<void> {}
  watch(changed: () => void): void {
    this.changed = changed;
  }
  async close(): Promise<void> {}
}

const record = (name: string, settings = {}) => sealRecord(name, settings, {}, keys, 0);

function syncOf(registry = new AppRegistry()) {
  const store = new HeldStore();
  const told: string[] = [];
  const tell = (level: string, message: string): void => void told.push(`${level}: ${message}`);
  return { store, registry, told, sync: new AppSync({ store, registry, keys, tell, retryMs: 5 }) };
}

const names = (registry: AppRegistry): string[] => [...registry].map(({ name }) => name).sort();

test('the registry has what the store has, and follows it', async () => {
  const { store, registry, sync } = syncOf();
  store.hold('acme', JSON.stringify(record('acme', { default_topic: 'com.acme', huawei: { appsecret: 's' } })));
  await sync.start();
  expect(registry.get('acme')?.settings()).toEqual({ default_topic: 'com.acme', huawei: { appsecret: 's' } });
  expect(registry.get('acme')?.shown).toEqual({ default_topic: 'com.acme', huawei: {} });
  expect(registry.byTopic('com.acme')?.name).toBe('acme');
  store.texts.delete('acme');
  store.hold('beta', JSON.stringify(record('beta')));
  await sync.refresh();
  expect(names(registry)).toEqual(['beta']);
  await sync.close();
});

test('a store that is down keeps what is known, and is asked until it is back', async () => {
  const { store, registry, sync, told } = syncOf();
  store.hold('acme', JSON.stringify(record('acme')));
  await sync.start();
  store.broken = true;
  await expect(sync.refresh()).rejects.toThrow('gone');
  expect(names(registry)).toEqual(['acme']);
  expect(sync.health()).toMatchObject({ status: 'warn', output: expect.stringContaining('stay in use') });
  store.hold('beta', JSON.stringify(record('beta')));
  store.broken = false;
  await until(() => sync.health().status === 'pass');
  expect(names(registry)).toEqual(['acme', 'beta']);
  expect(told).toEqual([
    expect.stringContaining('error: the apps of memory cannot be read'),
    expect.stringContaining('info: '),
  ]);
  await sync.close();
});

test('an app that cannot be read keeps what was known of it, and keeps no other from being known', async () => {
  const { store, registry, sync, told } = syncOf();
  const good = record('acme', { default_topic: 'com.acme' });
  store.hold('acme', JSON.stringify(good));
  await sync.start();
  const broken = [
    'no json',
    'null',
    { ...good, format: 2 },
    { ...good, facts: undefined },
    { ...good, facts: { ios: null } },
    { ...good, topics: 'com.acme' },
    { ...good, topics: [7] },
    { ...good, sealed: { app: 7 } },
    { ...good, shown: [] },
    { ...good, edition: undefined },
  ];
  for (const [at, text] of broken.entries()) {
    store.hold('acme', typeof text === 'string' ? text : JSON.stringify(text));
    store.hold(`other-${at}`, JSON.stringify(record(`other-${at}`)));
    await sync.refresh();
  }
  expect(names(registry)).toEqual(['acme', ...broken.map((_, at) => `other-${at}`)].sort());
  expect(registry.byTopic('com.acme')?.name).toBe('acme');
  expect(told).toEqual(broken.map(() => expect.stringContaining('app acme in memory cannot be read')));
  expect(sync.health()).toEqual({ status: 'pass' });
  await sync.close();
});

test('a store that has lost its data empties nothing', async () => {
  const { store, registry, sync } = syncOf();
  store.hold('acme', JSON.stringify(record('acme')));
  await sync.start();
  store.texts.clear();
  store.revision = 0;
  await expect(sync.refresh()).rejects.toThrow('lost');
  expect(names(registry)).toEqual(['acme']);
  await sync.close();
});

test('until a store was read, an app that is not known may exist', async () => {
  const { store, registry, sync } = syncOf();
  store.broken = true;
  await sync.start();
  expect(registry.unsure).toBe('the apps of memory cannot be read');
  store.broken = false;
  await sync.refresh();
  expect(registry.unsure).toBeUndefined();
  await sync.close();
});

test('an app of the file wins over one of the same name, and that is told', async () => {
  const own: App = {
    name: 'acme',
    origin: 'file',
    version: '1',
    topics: [],
    project: undefined,
    expiries: [],
    shown: {},
    settings: () => ({}),
  };
  const { store, registry, sync, told } = syncOf(new AppRegistry([own]));
  store.hold('acme', JSON.stringify(record('acme')));
  await sync.start();
  expect(registry.get('acme')).toBe(own);
  expect(told).toEqual([expect.stringMatching(/^warn: app acme: that of config\.yml is in use/)]);
  store.texts.delete('acme');
  await sync.refresh();
  expect(registry.get('acme')).toBe(own);
  await sync.close();
});

test('a record that cannot be read is told, and changes nothing', async () => {
  const { store, registry, sync, told } = syncOf();
  store.hold('acme', JSON.stringify(record('acme')));
  store.hold('beta', JSON.stringify(record('beta')));
  await sync.start();
  store.hold('acme', '{"format": 2}');
  await sync.refresh();
  expect(names(registry)).toEqual(['acme', 'beta']);
  expect(told).toEqual([expect.stringMatching(/^error: app acme in memory cannot be read/)]);
  await sync.close();
});

test('an app that is only sealed anew is no other app: its connections stay', async () => {
  const { store, registry, sync } = syncOf();
  const first = record('acme', { huawei: { appsecret: 's' } });
  store.hold('acme', JSON.stringify(first));
  await sync.start();
  let changes = 0;
  registry.onChange(() => changes++);
  store.hold('acme', JSON.stringify(resealRecord('acme', first, keys)));
  await sync.refresh();
  expect(changes).toBe(0);
  expect(sync.get('acme')?.version).toBe(2);
  await sync.close();
});

test('a record under another name does not open', async () => {
  const { store, registry, sync } = syncOf();
  store.hold('beta', JSON.stringify(record('acme', { huawei: { appsecret: 'secret' } })));
  await sync.start();
  expect(() => registry.get('beta')?.settings()).toThrow(/sealed for another app/);
  await sync.close();
});
