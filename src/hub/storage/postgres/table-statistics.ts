import { sql } from 'kysely';
import { background } from '../../../kit/background.ts';
import type { HubDb, HubTable } from '../storage.ts';

/** Those that grow with people and with what is sent to them. */
const TABLES: readonly HubTable[] = [
  ...(['users', 'settings', 'devices', 'device_users', 'notifications', 'recipients', 'decisions'] as const),
  ...(['due', 'handovers', 'stream_heads', 'stream_events', 'stream_keys'] as const),
];
const EVERY_MS = 2000;
/** Rows that were written since a table was counted: of fewer any plan is good. */
const MANY = 1000;

/**
 * PostgreSQL plans by what it last counted of a table. By itself it counts a minute later at the earliest: until then it takes a table for
 * as small as it was, and the statements of a send to very many look at all of its decisions, again and again. So tables that have
 * grown by half since they were counted are counted within seconds.
 */
export class TableStatistics {
  readonly #db: HubDb;
  readonly #now: () => number;
  #lookedAt: number;
  #isLooking = false;

  constructor(db: HubDb, now = (): number => performance.now()) {
    this.#db = db;
    this.#now = now;
    this.#lookedAt = now();
  }

  /** After each commit. */
  wrote(): void {
    if (this.#isLooking || this.#now() - this.#lookedAt < EVERY_MS) return;
    this.#isLooking = true;
    // A server that is away says so by itself, and who may not count its tables leaves it to the server.
    background(
      this.look().finally(() => {
        this.#isLooking = false;
        this.#lookedAt = this.#now();
      }),
      () => {},
    );
  }

  /** @returns the tables that were counted */
  async look(): Promise<readonly string[]> {
    const { rows } = await sql<{ name: string }>`
      SELECT s.relname AS name FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
      WHERE s.relid IN (SELECT to_regclass(quote_ident(t)) FROM unnest(${TABLES}::text[]) t)
      AND s.n_mod_since_analyze > ${MANY}
      AND s.n_mod_since_analyze > greatest(s.n_live_tup, c.reltuples) / 2`.execute(this.#db);
    for (const { name } of rows) await sql`ANALYZE (SKIP_LOCKED) ${sql.table(name)}`.execute(this.#db);
    return rows.map(({ name }) => name);
  }
}
