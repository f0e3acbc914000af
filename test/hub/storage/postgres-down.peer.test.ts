import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { type RunningPostgres, startPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

describe('a PostgreSQL that goes away', needs('psql'), () => {
  let server: RunningPostgres;
  let folder: string;

  beforeAll(async () => {
    server = await startPostgres();
    folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
  });
  afterAll(async () => {
    await server?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  const said: string[] = [];
  const open = (url: string) =>
    openHubStore({
      path: join(folder, 'hub.db'),
      postgres: url,
      master: undefined,
      tell: (_, message) => said.push(message),
    });
  const write = (store: HubStore, key: string) =>
    store.write((tx) => tx.insertInto('meta').values({ key, value: '' }).execute());
  const unavailable = { code: 'ERR_HUB_STORE', kind: 'unavailable', retryAfter: 1 };

  test('is waited for at the start, and said to be missing meanwhile', async () => {
    const url = await server.database();
    await server.stop();
    const store = await open(url.replace('postgres@', 'postgres:canary-password@'));
    expect(store.health()).toMatchObject({ status: 'fail', output: expect.stringContaining('hub.postgres') });
    await expect(write(store, 'a')).rejects.toMatchObject(unavailable);
    expect(() => store.db).toThrow('hub.postgres');
    expect(() => store.seal).toThrow('hub.postgres');
    await server.start();
    await store.ready;
    await until(async () => (await write(store, 'a').catch(() => false)) !== false, 'the store can be written');
    expect(store.health()).toEqual({ status: 'pass' });
    expect(said.join('\n')).not.toContain('canary');
    await store.close();
  });

  test('later on is unavailable, and used again when it is back', async () => {
    const store = await open(await server.database());
    await write(store, 'a');
    await server.stop();
    await expect(write(store, 'b')).rejects.toMatchObject(unavailable);
    await expect(store.db.selectFrom('meta').selectAll().execute()).rejects.toMatchObject(unavailable);
    await server.start();
    await until(async () => (await write(store, 'c').catch(() => false)) !== false, 'the store can be written');
    await store.close();
  });
});
