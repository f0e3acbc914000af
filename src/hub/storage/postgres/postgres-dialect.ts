import { type Dialect, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { readableTrouble } from './postgres-trouble.ts';

const CONNECT_MS = 5000;
/** No query of the hub's takes as long: it would be a lost connection. */
const STATEMENT_MS = 30_000;
const CONNECTIONS = 10;
/** int8, which pg gives as a text: ours are below 2^53. */
const INT8 = 20;

/** Kysely over pg. Trouble of the server or of the way to it is thrown as StoreUnavailable. */
export function postgresDialect(url: string): Dialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
    application_name: 'martlet',
    keepAlive: true,
    types: {
      getTypeParser: (type: number, format?: 'text' | 'binary') =>
        type === INT8 ? Number : pg.types.getTypeParser(type, format as 'text'),
    },
  });
  // An idle connection that ends is taken out of the pool; the next query makes another.
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool: readable(pool) });
}

const readable = (pool: pg.Pool): PostgresPool =>
  ({
    options: {},
    async connect() {
      try {
        return readableClient(await pool.connect());
      } catch (error) {
        throw readableTrouble(error);
      }
    },
    end: () => pool.end(),
  }) as unknown as PostgresPool;

function readableClient(client: pg.PoolClient): PostgresPoolClient {
  // A connection that ends while it is lent fails its query; without a listener it would be an error of the process.
  const lost = (): void => undefined;
  client.on('error', lost);
  return {
    async query(text: string, values: unknown[]) {
      try {
        return await client.query(text, values);
      } catch (error) {
        throw readableTrouble(error);
      }
    },
    release(isBroken?: boolean) {
      client.off('error', lost);
      client.release(isBroken);
    },
  } as unknown as PostgresPoolClient;
}
