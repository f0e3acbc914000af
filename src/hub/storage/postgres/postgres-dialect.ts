import {
  type Dialect,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  PostgresQueryCompiler,
  type PrimitiveValueListNode,
} from 'kysely';
import pg from 'pg';
import { cutOff } from './postgres-client.ts';
import { isUnanswered, readableTrouble } from './postgres-trouble.ts';

export interface PostgresWayOptions {
  readonly url: string;
  /** Default 10. */
  readonly connections?: number;
  /** Milliseconds that a query may take; default 30,000: none of the hub's takes as long, it would be a lost connection. */
  readonly queryMs?: number;
  /** Why no connection is to be taken now. */
  readonly closed?: () => Error | undefined;
}

/** Kysely's way to a PostgreSQL. */
export interface PostgresWay {
  readonly dialect: Dialect;
  /** When the server answered last, `performance.now()`; 0: never. */
  answeredAt(): number;
  /** Ends all connections at once: what waits for an answer on them is refused. */
  cut(): void;
}

const CONNECT_MS = 5000;
const QUERY_MS = 30_000;
/** The server ends a query before we do, as long as it lives. */
const PATIENCE_MS = 5000;
const CONNECTIONS = 10;
/**
 * What is asked by keys is in memory, or on a disk without a head to move. By its default PostgreSQL takes a page that is found by an index for
 * four times as dear as one of a whole table, and reads all of a table of a hundred thousand rows for five hundred of them.
 */
const PLANNING = '-c random_page_cost=1.1';
/** int8, which pg gives as a text: ours are below 2^53. */
const INT8 = 20;

/** A list without entries, `in ()`, holds nothing in SQLite, and is no SQL for PostgreSQL. */
class HubCompiler extends PostgresQueryCompiler {
  protected override visitPrimitiveValueList(node: PrimitiveValueListNode): void {
    if (node.values.length === 0) this.append('(select null where false)');
    else super.visitPrimitiveValueList(node);
  }
}

class HubDialect extends PostgresDialect {
  override createQueryCompiler(): HubCompiler {
    return new HubCompiler();
  }
}

/** Kysely over pg. Trouble of the server or of the way to it is thrown as StoreUnavailable. */
export function postgresWay({
  url,
  connections = CONNECTIONS,
  queryMs = QUERY_MS,
  closed = () => undefined,
}: PostgresWayOptions): PostgresWay {
  const clients = new Set<pg.PoolClient>();
  let answeredAt = 0;
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: queryMs,
    query_timeout: queryMs + PATIENCE_MS,
    idle_in_transaction_session_timeout: queryMs,
    application_name: 'martlet',
    options: PLANNING,
    keepAlive: true,
    types: {
      getTypeParser: (type: number, format?: 'text' | 'binary') =>
        type === INT8 ? Number : pg.types.getTypeParser(type, format as 'text'),
    },
  });
  // An idle connection that ends is taken out of the pool; the next query makes another.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));
  const answered = (): void => {
    answeredAt = performance.now();
  };
  return {
    dialect: new HubDialect({ pool: readable(pool, closed, answered) }),
    answeredAt: () => answeredAt,
    cut: () => {
      for (const client of clients) cutOff(client);
    },
  };
}

const readable = (pool: pg.Pool, closed: () => Error | undefined, answered: () => void): PostgresPool =>
  ({
    options: {},
    async connect() {
      const why = closed();
      if (why) throw why;
      try {
        return readableClient(await pool.connect(), answered);
      } catch (error) {
        throw readableTrouble(error);
      }
    },
    end: () => pool.end(),
  }) as unknown as PostgresPool;

function readableClient(client: pg.PoolClient, answered: () => void): PostgresPoolClient {
  // A connection that ends while it is lent fails its query; without a listener it would be an error of the process.
  const lost = (): void => undefined;
  client.on('error', lost);
  return {
    async query(text: string, values: unknown[]) {
      try {
        const result = await client.query(text, values);
        answered();
        return result;
      } catch (error) {
        // What is asked next on this connection would wait behind it.
        if (isUnanswered(error)) cutOff(client);
        throw readableTrouble(error);
      }
    },
    release(isBroken?: boolean) {
      client.off('error', lost);
      client.release(isBroken);
    },
  } as unknown as PostgresPoolClient;
}
