import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseMasterKeys } from '../../../src/apps/store/master-keys.ts';
import { type HubStoreOptions, openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import type { HubDb, HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { temporaryFiles } from './sqlite/temporary-files.ts';

const MASTER = Buffer.alloc(32, 7).toString('base64');

describe('the store of the hub on this machine', () => {
  let folder: string;
  let path: string;
  let said: string[];
  const stores: HubStore[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
    path = join(folder, 'data', 'hub.db');
    said = [];
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (more: Partial<HubStoreOptions> = {}): Promise<HubStore> => {
    const tell = (_: string, message: string) => said.push(message);
    const store = await openHubStore({ path, postgres: '', master: undefined, tell, ...more });
    stores.push(store);
    return store;
  };
  const shut = () => stores.pop()?.close();
  const bytes = (): string =>
    ['', '-wal'].map((part) => (existsSync(path + part) ? readFileSync(path + part, 'latin1') : '')).join('');

  test('file and key are readable by their owner only; the log says where the key is, once, and not what', async () => {
    const sealed = (await open()).seal.seal('secret', 'x');
    await shut();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}.key`).mode & 0o777).toBe(0o600);
    const key = readFileSync(`${path}.key`, 'utf8').split('\n')[1] as string;
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect((await open()).seal.open(sealed, 'x')).toBe('secret');
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`${path}.key`);
    expect(said[0]).not.toContain(key);
  });

  test('a master key of the apps takes over, without a change to what is sealed', async () => {
    const first = await open();
    const [sealed, hash] = [first.seal.seal('secret', 'x'), first.seal.hash('k', 'app', 'text')];
    await shut();
    await open({ master: parseMasterKeys(MASTER, 'test') });
    await shut();
    rmSync(`${path}.key`);
    const { seal } = await open({ master: parseMasterKeys(MASTER, 'test') });
    expect(seal.open(sealed, 'x')).toBe('secret');
    expect(seal.hash('k', 'app', 'text')).toBe(hash);
    expect(existsSync(`${path}.key`)).toBe(false);
  });

  test('without the key that sealed it the store is refused, and no other key is made', async () => {
    await open();
    await shut();
    rmSync(`${path}.key`);
    await expect(open()).rejects.toMatchObject({ code: 'ERR_MASTER_KEY', message: expect.stringContaining('hub') });
    expect(existsSync(`${path}.key`)).toBe(false);
  });

  test('a file of something else is refused and left as it is', async () => {
    path = join(folder, 'other.db');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE t (x)');
    other.close();
    const before = readFileSync(path);
    await expect(open()).rejects.toMatchObject({ code: 'ERR_CONFIG', key: 'hub.path' });
    expect(readFileSync(path)).toEqual(before);
    writeFileSync(path, 'a letter to a friend, and no database');
    await expect(open()).rejects.toMatchObject({ code: 'ERR_CONFIG', key: 'hub.path' });
  });

  test('a store that a later version has changed is refused', async () => {
    const store = await open();
    await store.write((tx) => tx.insertInto('migrations').values({ name: '9999-later', at: 0 }).execute());
    await shut();
    await expect(open()).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining('9999-later') });
  });

  test('what is deleted is in no file after a scrub', async () => {
    const store = await open();
    const names = Array.from({ length: 2000 }, (_, at) => `canary-${at}-${'x'.repeat(at % 90)}`);
    for (const key of names) void store.write((tx) => tx.insertInto('meta').values({ key, value: key }).execute());
    await store.write((tx) =>
      tx.updateTable('meta').set({ value: 'other' }).where('key', 'like', 'canary-1%').execute(),
    );
    await store.scrub();
    expect(bytes()).toContain('canary-');
    await store.write((tx) => tx.deleteFrom('meta').where('key', 'like', 'canary-%').execute());
    await store.scrub();
    expect(bytes()).not.toContain('canary-');
  });

  test('what a work changes is copied to no temporary file', needs('linux'), async () => {
    const store = await open();
    const keys = Array.from({ length: 300 }, (_, at) => `${at}`);
    const change = async (tx: HubDb, value: string): Promise<string[]> => {
      for (const key of keys)
        await tx
          .insertInto('meta')
          .values({ key, value })
          .onConflict((known) => known.column('key').doUpdateSet({ value }))
          .execute();
      return temporaryFiles();
    };
    const long = 'x'.repeat(2000);
    expect(await Promise.all([1, 2, 3].map((each) => store.write((tx) => change(tx, `${each}${long}`))))).toEqual([
      ...[[], [], []],
    ]);
  });

  test('a disk error is told as unavailable, and the store goes on when it has passed', async () => {
    const store = await open();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const waiting = store.write((tx) => tx.insertInto('meta').values({ key: 'a', value: '1' }).execute());
    await new Promise((resolve) => setTimeout(resolve, 100));
    other.exec('COMMIT');
    other.close();
    await waiting;
    expect(await store.db.selectFrom('meta').selectAll().where('key', '=', 'a').execute()).toHaveLength(1);
  });

  test('a sealed text opens only as what it was sealed for, whole', async () => {
    const { seal } = await open({ path: '' });
    const sealed = seal.seal('token 🦉', 'device:app:1');
    expect(seal.open(sealed, 'device:app:1')).toBe('token 🦉');
    expect(sealed).not.toContain('token');
    expect(seal.seal('token 🦉', 'device:app:1')).not.toBe(sealed);
    expect(() => seal.open(sealed, 'device:app:2')).toThrow('cannot be opened');
    const at = sealed.length - 4;
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    expect(() => seal.open(changed, 'device:app:1')).toThrow('cannot be opened');
    expect(() => seal.open('', 'device:app:1')).toThrow('cannot be opened');
  });

  test('hashes keep their three texts apart and differ between stores', async () => {
    const { seal } = await open({ path: '' });
    const hash = seal.hash('a', 'b', 'c');
    expect(hash).toMatch(/^[\w-]{43}$/);
    expect(seal.hash('a', 'b', 'c')).toBe(hash);
    expect(new Set([hash, seal.hash('a', 'bc', ''), seal.hash('ab', '', 'c'), seal.hash('', 'ab', 'c')]).size).toBe(4);
    expect((await open({ path: '' })).seal.hash('a', 'b', 'c')).not.toBe(hash);
  });

  test('a PostgreSQL URL that cannot be one is refused without showing it', async () => {
    for (const postgres of ['mysql://u:secret@h/d', 'secret', 'postgres://u:secret@h'])
      await expect(open({ postgres })).rejects.toMatchObject({
        key: 'hub.postgres',
        message: expect.not.stringContaining('secret'),
      });
    await expect(open({ path: '', postgres: 'postgres://u@h/d' })).rejects.toMatchObject({ key: 'hub.postgres' });
  });
});
