import { sql } from 'kysely';
import { ConfigError } from '../../../kit/errors.ts';
import type { HubDb } from '../storage.ts';
import { type HubEngine, tableSql } from './table-sql.ts';

export interface Migration {
  /** Sorts after those before it: `0002-…`. */
  readonly name: string;
  statements(engine: HubEngine): readonly string[];
}

export interface MigrateOptions {
  readonly engine: HubEngine;
  readonly migrations: readonly Migration[];
  /** The setting that errors name. */
  readonly key: string;
  readonly now: () => number;
}

const LIST = { name: 'migrations', columns: { name: 'text', at: 'integer' }, primary: ['name'] } as const;

/** What is still to be done. @throws ConfigError when a later version of Martlet wrote to this store */
export async function openMigrations(
  db: HubDb,
  { migrations, key }: Pick<MigrateOptions, 'migrations' | 'key'>,
): Promise<readonly Migration[]> {
  const done = new Set((await db.selectFrom('migrations').select('name').execute()).map(({ name }) => name));
  const known = new Set(migrations.map(({ name }) => name));
  const later = [...done].find((name) => !known.has(name));
  if (later !== undefined)
    throw new ConfigError(key, `a later version of Martlet has changed this store (${later}); it was not touched`);
  return migrations.filter(({ name }) => !done.has(name));
}

/**
 * Brings the tables up to date, within one transaction in which nothing else changes them; forwards only.
 * @returns the names of what was done
 * @throws ConfigError when a later version of Martlet wrote to this store
 */
export async function migrate(tx: HubDb, { engine, migrations, key, now }: MigrateOptions): Promise<string[]> {
  for (const statement of tableSql(engine, LIST))
    await sql.raw(statement.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')).execute(tx);
  const open = await openMigrations(tx, { migrations, key });
  for (const { name, statements } of open) {
    for (const statement of statements(engine)) await sql.raw(statement).execute(tx);
    await tx.insertInto('migrations').values({ name, at: now() }).execute();
  }
  return open.map(({ name }) => name);
}
