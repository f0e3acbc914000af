import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import type { HubDb, HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { type RunningPostgres, startPostgres } from '../../support/postgres.ts';

const put = (tx: HubDb, key: string, value: string) =>
  tx
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();

const LONG_MS = 60;

/** Reads what the short ones write, and writes what they read. */
async function long(tx: HubDb): Promise<void> {
  await tx.selectFrom('meta').selectAll().where('key', 'like', 'short%').execute();
  await pause(LONG_MS);
  await put(tx, 'long', String(Math.random()));
}

async function short(tx: HubDb, name: string): Promise<void> {
  await tx.selectFrom('meta').selectAll().where('key', '=', 'long').execute();
  await put(tx, `short ${name}`, String(Math.random()));
}

describe('transactions of two instances that meet in one PostgreSQL', needs('psql'), () => {
  let server: RunningPostgres;
  let url: string;
  let folder: string;
  const stores: HubStore[] = [];
  const open = async (): Promise<HubStore> => {
    const store = await openHubStore({
      path: join(folder, 'hub.db'),
      postgres: url,
      master: undefined,
      tell: () => {},
    });
    stores.push(store);
    return store;
  };

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database();
    folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
  });
  let end: AbortController;
  let others: readonly Promise<number>[];
  afterEach(async () => {
    end.abort();
    await Promise.allSettled(others);
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    await server?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Another instance writes all the time, until `end` is aborted. */
  async function begin(): Promise<void> {
    const other = await open();
    end = new AbortController();
    others = ['a', 'b', 'c', 'd'].map(async (name) => {
      let written = 0;
      for (; !end.signal.aborted; written++) await other.write((tx) => short(tx, name));
      return written;
    });
  }

  test('a long one gets through at its third try, however many short ones are in its way', async () => {
    const store = await open();
    await store.write((tx) => put(tx, 'long', ''));
    await begin();
    const tries: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      let count = 0;
      await store.write((tx) => {
        count++;
        return long(tx);
      });
      tries.push(count);
    }
    end.abort();
    const written = await Promise.all(others);
    expect(Math.max(...tries), `tries: ${tries.join(' ')}`).toBeLessThanOrEqual(3);
    expect(Math.max(...tries), 'they were in its way').toBeGreaterThan(1);
    for (const count of written) expect(count).toBeGreaterThan(0);
  });

  test('one that stands still in the middle of its transaction holds up no other for long', async () => {
    const store = await open();
    await store.write((tx) => put(tx, 'long', ''));
    const stopped = new pg.Client(url);
    await stopped.connect();
    await stopped.query('BEGIN; LOCK TABLE meta IN ROW SHARE MODE');
    await begin();
    let count = 0;
    await store.write((tx) => {
      if (++count === 3) end.abort();
      return long(tx);
    });
    const written = await Promise.all(others);
    expect(count, 'the third try was not alone, and did not wait for that').toBeGreaterThanOrEqual(3);
    for (const each of written) expect(each).toBeGreaterThan(0);
    await stopped.query('ROLLBACK');
    await stopped.end();
  });
});
