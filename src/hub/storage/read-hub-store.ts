import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { ConfigError } from '../../kit/errors.ts';
import { refuseForeignFile } from '../../kit/files/owned-file.ts';
import { type KeySources, readHubKeys } from './hub-keys.ts';
import { hubSeal } from './hub-seal.ts';
import { keyFile } from './key-file.ts';
import { openMigrations } from './migrations/migrate.ts';
import { migrations } from './migrations/migrations.ts';
import type { HubStoreOptions } from './open-hub-store.ts';
import { postgresWay } from './postgres/postgres-dialect.ts';
import { HUB_FILE } from './sqlite/hub-file.ts';
import { kyselyOn } from './sqlite/sqlite-dialect.ts';
import type { HubStore } from './storage.ts';
import type { HubTables } from './tables.ts';

/** What is committed, as another process sees it. */
export type ReadableHub = Pick<HubStore, 'db' | 'seal'> & AsyncDisposable;

/** A query waits this long for a relay that writes. */
const BUSY_MS = 5000;

interface OpenDb {
  readonly db: Kysely<HubTables>;
  readonly close: () => Promise<void>;
}

function readSqlite(path: string): OpenDb {
  if (path === '') throw new ConfigError('hub.path', "is empty: that store is in the relay's memory");
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (!size) throw new ConfigError('hub.path', `${path} ${size === undefined ? 'is not there' : 'is empty'}`);
  refuseForeignFile(path, 'hub.path', HUB_FILE);
  const file = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  return { db: kyselyOn(file), close: async () => file.close() };
}

function readPostgres(url: string): OpenDb {
  const db = new Kysely<HubTables>({ dialect: postgresWay({ url: url }).dialect });
  return { db, close: () => db.destroy() };
}

/**
 * Opens the store of the hub for reading alone, beside a relay that uses it or without one: nothing is made, migrated or sealed again.
 * @throws ConfigError when there is none, or it is of another version; MasterKeyError; StoreUnavailable; SQLite's own errors
 */
export async function readHubStore({
  path,
  postgres,
  master,
}: Pick<HubStoreOptions, 'path' | 'postgres' | 'master'>): Promise<ReadableHub> {
  const own: KeySources['own'] = path === '' ? () => undefined : keyFile(`${path}.key`, () => {}).own;
  const { db, close } = postgres === '' ? readSqlite(path) : readPostgres(postgres);
  try {
    const key = postgres === '' ? 'hub.path' : 'hub.postgres';
    const [open] = await openMigrations(db, { migrations, key });
    if (open) throw new ConfigError(key, `is of an earlier version: start this one's relay on it once (${open.name})`);
    return { db, seal: hubSeal(await readHubKeys(db, { master, own })), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
