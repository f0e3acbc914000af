import { Kysely, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { postgresWay } from '../../../../src/hub/storage/postgres/postgres-dialect.ts';
import { needs } from '../../../support/needs.ts';
import { type RunningPostgres, startPgBouncer, startPostgres } from '../../../support/postgres.ts';

describe('connections of the hub to a PostgreSQL', needs('psql'), () => {
  let server: RunningPostgres;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database();
  });
  afterAll(() => server?.end());

  async function on<T>(at: string, ask: (db: Kysely<never>) => Promise<T>): Promise<T> {
    const db = new Kysely<never>({ dialect: postgresWay({ url: at }).dialect });
    try {
      return await ask(db);
    } finally {
      await db.destroy();
    }
  }
  const costOf = (at: string) =>
    on(at, async (db) => (await sql<{ random_page_cost: string }>`SHOW random_page_cost`.execute(db)).rows[0]);

  test('have a few hundred of very many rows found by their index', async () => {
    await on(url, async (db) => {
      await sql`CREATE TABLE things (id text PRIMARY KEY, other text)`.execute(db);
      await sql`INSERT INTO things SELECT 'thing-' || n, 'x' FROM generate_series(1, 50000) n`.execute(db);
      await sql`ANALYZE things`.execute(db);
      const ids = Array.from({ length: 500 }, (_, index) => `thing-${index * 97}`);
      const { rows } = await sql`EXPLAIN SELECT * FROM things WHERE id = any(${ids}::text[])`.execute(db);
      expect(JSON.stringify(rows)).toContain('things_pkey');
    });
  });

  test('plan as the URL says, where it says so', async () => {
    expect(await costOf(url)).toEqual({ random_page_cost: '1.1' });
    expect(await costOf(`${url}?options=-c%20random_page_cost%3D3`)).toEqual({ random_page_cost: '3' });
  });

  describe('through a PgBouncer', needs('pgbouncer'), () => {
    test('are refused by one that was not told of them, with what to tell it', async () => {
      const pooler = await startPgBouncer(server, '');
      onTestFinished(() => pooler.end());
      await expect(costOf(url.replace(server.addr, pooler.addr))).rejects.toThrow(
        'hub.postgres: unsupported startup parameter: statement_timeout; a PgBouncer needs `ignore_startup_parameters = options, statement_timeout, idle_in_transaction_session_timeout` (docs/hub.md)',
      );
    });

    test('plan as the role says', async () => {
      const pooler = await startPgBouncer(server);
      onTestFinished(() => pooler.end());
      await on(url, (db) => sql`ALTER ROLE postgres SET random_page_cost = 2`.execute(db));
      expect(await costOf(url.replace(server.addr, pooler.addr))).toEqual({ random_page_cost: '2' });
    });
  });
});
