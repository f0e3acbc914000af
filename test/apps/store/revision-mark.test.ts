import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { AppRegistry } from '../../../src/apps/app-registry.ts';
import { sealRecord } from '../../../src/apps/store/app-record.ts';
import { parseMasterKeys } from '../../../src/apps/store/master-keys.ts';
import { openStoredApps } from '../../../src/apps/store/open-stored-apps.ts';
import { RevisionMark } from '../../../src/apps/store/revision-mark.ts';
import { until } from '../../support/until.ts';
import { configWith } from '../../tls/tls-kit.ts';
import { newMasterKey } from './self-service-relay.ts';

const masterKey = newMasterKey();
const keys = parseMasterKeys(masterKey, 'test');
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'martlet-mark-'));
  path = join(folder, 'apps.db');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** The apps of the file, as a relay that starts has them. */
async function start(key = masterKey) {
  const registry = new AppRegistry();
  const told: string[] = [];
  const tell = (level: string, message: string): unknown => told.push(`${level}: ${message}`);
  const stored = await openStoredApps({ config: configWith({ 'apps.path': path }), masterKey: key, registry, tell });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= stored.close();
    return closed;
  };
  onTestFinished(close);
  const put = async (name: string): Promise<void> => {
    await stored.store?.put(name, JSON.stringify(sealRecord(name, {}, {}, keys, 0)), 'any');
    await stored.sync?.refresh();
  };
  return { close, stored, registry, told, put, names: () => [...registry].map(({ name }) => name) };
}

/** A file with the app `old`, a copy of it, and then the app `new`. */
async function changedSinceCopy(): Promise<() => void> {
  const first = await start();
  await first.put('old');
  await first.close();
  copyFileSync(path, `${path}.copy`);
  const second = await start();
  await second.put('new');
  expect(second.names()).toEqual(['old', 'new']);
  await second.close();
  return () => {
    for (const journal of ['-wal', '-shm']) rmSync(path + journal, { force: true });
    copyFileSync(`${path}.copy`, path);
  };
}

test('an old copy of the apps that was put back is not used at the next start, until it is said that it shall be', async () => {
  const rollBack = await changedSinceCopy();
  rollBack();
  const { stored, registry, told, names } = await start();
  expect(names()).toEqual([]);
  expect(registry.unsure).toContain('cannot be read');
  expect(told.join()).toContain(
    `an older copy, of revision 1, and 2 was seen here; to use it nevertheless, delete ${path}-mark`,
  );
  expect(stored.health()).toMatchObject({ status: 'warn' });
  rmSync(`${path}-mark`);
  await until(() => names().length === 1);
  expect(names()).toEqual(['old']);
  expect(registry.unsure).toBeUndefined();
});

test('a file that was taken away is missed as well', async () => {
  await changedSinceCopy();
  for (const name of ['', '-wal', '-shm']) rmSync(path + name, { force: true });
  expect((await start()).told.join()).toContain('of revision 0, and 2 was seen here');
});

test('an ordinary start uses the file, and a change raises the mark', async () => {
  await changedSinceCopy();
  const { names, told, put } = await start();
  expect(names()).toEqual(['new', 'old']);
  expect(told).toEqual([]);
  await put('newer');
  expect(new RevisionMark(`${path}-mark`, keys).read()).toBe(3);
  expect(statSync(`${path}-mark`).mode & 0o777).toBe(0o600);
});

test('a mark cannot be written for another revision without the master key, and is known by a former one', async () => {
  await changedSinceCopy();
  const mark = `${path}-mark`;
  const text = readFileSync(mark, 'latin1');
  writeFileSync(mark, text.replace('revision 2', 'revision 1'));
  expect(new RevisionMark(mark, keys).read()).toBeUndefined();
  writeFileSync(mark, text);
  const other = newMasterKey();
  expect(new RevisionMark(mark, parseMasterKeys(other, 'test')).read()).toBeUndefined();
  expect(new RevisionMark(mark, parseMasterKeys(`${other},${masterKey}`, 'test')).read()).toBe(2);
});

test('a mark that cannot be written is a warning, and the apps are used', async () => {
  await (await start()).close();
  rmSync(`${path}-mark`);
  // A folder in its place can be replaced by no file.
  mkdirSync(join(`${path}-mark`, 'x'), { recursive: true });
  const { told, put, names } = await start();
  await put('acme');
  await put('beta');
  expect(names()).toEqual(['acme', 'beta']);
  expect(told.filter((line) => line.startsWith('warn: an older copy of the apps would not be noticed'))).toHaveLength(
    1,
  );
});
