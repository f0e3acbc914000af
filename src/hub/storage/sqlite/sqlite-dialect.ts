import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { type ChangeText, type RunText, runsTexts } from '../prepared.ts';
import type { HubDb } from '../storage.ts';
import type { HubTables } from '../tables.ts';

/** More texts than the hub has queries; lists of different lengths make different texts. */
const MOST_STATEMENTS = 500;

/**
 * By default SQLite keeps a copy of each page that a statement about several rows changes, to undo the statement alone. A work whose
 * statement fails is undone as a whole (PostgreSQL would not let it go on either).
 */
const INSERT = /^insert into /i;

interface Prepared {
  readonly statement: StatementSync;
  readonly isReader: boolean;
}

/** Each query runs at once, on the event loop: it is microseconds, and a promise of Kysely's around it. */
class SqliteConnection implements DatabaseConnection {
  readonly #db: DatabaseSync;
  readonly #free: () => Promise<void> | undefined;
  /** The first is the one unused longest. */
  readonly #prepared = new Map<string, Prepared>();

  constructor(db: DatabaseSync, free: () => Promise<void> | undefined) {
    this.#db = db;
    this.#free = free;
  }

  /** The rows of a text, none for one that returns none. */
  readonly run: RunText = (sql, values) => {
    if (this.#free()) return this.#later(sql, values);
    const { statement, isReader } = this.#prepare(sql);
    if (isReader) return statement.all(...values);
    statement.run(...values);
    return [];
  };

  readonly change: ChangeText = (sql, values) => {
    if (this.#free()) return this.#isFree().then(() => this.change(sql, values));
    return Number(this.#prepare(sql).statement.run(...values).changes);
  };

  async #later(sql: string, values: Parameters<RunText>[1]): Promise<unknown[]> {
    await this.#isFree();
    return this.run(sql, values);
  }

  async #isFree(): Promise<void> {
    for (let wait = this.#free(); wait; wait = this.#free()) await wait;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    await this.#isFree();
    const { statement, isReader } = this.#prepare(sql);
    const values = parameters as SQLInputValue[];
    if (isReader) return { rows: statement.all(...values) as R[] };
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  streamQuery(): never {
    throw new Error('a cursor would keep the write-ahead log from being emptied: read in pages, by key');
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#db.prepare(sql.replace(INSERT, 'INSERT OR FAIL INTO '));
    const prepared = { statement, isReader: statement.columns().length > 0 };
    this.#prepared.set(sql, prepared);
    if (this.#prepared.size > MOST_STATEMENTS) {
      const [oldest] = this.#prepared.keys();
      this.#prepared.delete(oldest as string);
    }
    return prepared;
  }
}

const refuseTransaction = async (): Promise<never> => {
  throw new Error('transactions are made by HubStore.write');
};

/**
 * Kysely over one connection of node:sqlite, whose owner closes it and makes its transactions.
 * @param free a promise to wait for before a query; undefined: none
 */
export function kyselyOn(db: DatabaseSync, free: () => Promise<void> | undefined = () => undefined): HubDb {
  const connection = new SqliteConnection(db, free);
  const kysely: HubDb = new Kysely<HubTables>({ dialect: dialectOf(connection) });
  runsTexts(kysely, connection, free);
  return kysely;
}

function dialectOf(connection: SqliteConnection): Dialect {
  const driver: Driver = {
    async init() {},
    acquireConnection: async () => connection,
    async releaseConnection() {},
    beginTransaction: refuseTransaction,
    commitTransaction: refuseTransaction,
    rollbackTransaction: refuseTransaction,
    async destroy() {},
  };
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
