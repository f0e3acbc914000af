import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bulkInsert } from '../../../../src/hub/storage/bulk-insert.ts';
import { TableStatistics } from '../../../../src/hub/storage/postgres/table-statistics.ts';
import type { HubStore, NewRow } from '../../../../src/hub/storage/storage.ts';
import { needs } from '../../../support/needs.ts';
import { until } from '../../../support/until.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';

const person = (index: number): NewRow<'users'> => ({
  ...{ app: 'default', id: `u${index}`, profile: '', consent: '{}', rev: 1, created_at: 1, updated_at: 1 },
});

describe('what PostgreSQL knows of its tables', needs('psql'), () => {
  let place: HubPlace;
  let store: HubStore;
  beforeAll(async () => {
    const engine = hubEngines.find(({ name }) => name === 'PostgreSQL');
    place = (await engine?.start()) as HubPlace;
    store = await place.open();
  });
  afterAll(async () => {
    await store.close();
    await place.end();
  });

  test('a table that has grown is counted, and not again until it has grown by half', async () => {
    const statistics = new TableStatistics(store.db);
    // The store looks by itself, too, and may have been faster.
    const isCounted = async (): Promise<boolean> => {
      await statistics.look();
      const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM pg_stat_user_tables
        WHERE relname = 'users' AND analyze_count > 0`.execute(store.db);
      return rows[0]?.n === 1;
    };
    const add = (from: number, count: number) =>
      store.write((tx) =>
        bulkInsert(
          tx,
          store.engine,
          'users',
          Array.from({ length: count }, (_, index) => person(from + index)),
        ),
      );
    await add(0, 3000);
    await until(isCounted, 'the server tells of the rows, and they are counted');
    expect(await statistics.look()).toEqual([]);
    await add(3000, 1100);
    expect(await statistics.look()).toEqual([]);
  });
});
