import { setTimeout as pause } from 'node:timers/promises';
import { Kysely, type RawBuilder, sql } from 'kysely';
import PQueue from 'p-queue';
import { background } from '../../../kit/background.ts';
import { ConfigError, toError } from '../../../kit/errors.ts';
import { within } from '../../../kit/within.ts';
import type { PushesFor } from '../../../queue/file/file-format.ts';
import { claimStore } from '../claim-store.ts';
import { hubKeys, type KeySources } from '../hub-keys.ts';
import { hubSeal } from '../hub-seal.ts';
import { migrate } from '../migrations/migrate.ts';
import { migrations } from '../migrations/migrations.ts';
import type { HubDb, HubSeal, HubStore, Isolation } from '../storage.ts';
import type { StoreObserver } from '../store-observer.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { HubTables } from '../tables.ts';
import { tellingSeal } from '../unreadable.ts';
import { type PostgresWay, postgresWay } from './postgres-dialect.ts';
import { PostgresProbe } from './postgres-probe.ts';
import { isRepeatable, isUniqueViolation, readableTrouble } from './postgres-trouble.ts';
import { TableStatistics } from './table-statistics.ts';

/** Held while tables and keys are made: several instances may start at once. Any number that others hardly use: "MltU". */
const LOCK = 0x4d_6c_74_55;
/** More at once are refused by the server for what others do so often that less gets done. The rest of the connections read. */
const WRITES_AT_ONCE = 4;
/**
 * One of those that meet always gets through, and that is the short one: a long one (what became of hundreds of pushes) would lose again
 * and again to what others write all the time. So each third try has the store to itself.
 */
const ALONE_EACH = 3;
const MOST_TRIES = 100;
/**
 * Taken before the snapshot, which a lock on a table is and an advisory one is not, by every transaction that writes. An instance that
 * stands still holds up the others for so long: one that is in the way of who wants to be alone, and one that is alone.
 */
const WITH_OTHERS = sql.raw('LOCK TABLE "meta" IN ROW SHARE MODE');
const ALONE = sql.raw(
  `SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '5s'; LOCK TABLE "meta" IN EXCLUSIVE MODE`,
);
const LEVELS = { serializable: 'serializable', snapshot: 'repeatable read' } as const;
type Level = (typeof LEVELS)[Isolation];
const MOST_UNIQUE_TRIES = 5;
const LONGEST_PAUSE_MS = 50;
const RETRY_MS = 2000;
/** An index on a large table takes a while. */
const MIGRATION_MS = 600_000;
/** Work that is under way when the hub is closed has this long. */
const CLOSE_MS = 5000;

export interface PostgresStoreOptions {
  readonly url: string;
  readonly keys: KeySources;
  readonly pushesFor?: PushesFor | undefined;
  readonly now: () => number;
  readonly observer?: StoreObserver | undefined;
  readonly random?: () => number;
}

/** @throws ConfigError for something that is no URL of a PostgreSQL. Holds nothing of the URL, in which there may be a password. */
function checkUrl(url: string): void {
  const { protocol, pathname } = URL.parse(url) ?? {};
  if (protocol !== 'postgres:' && protocol !== 'postgresql:')
    throw new ConfigError('hub.postgres', 'is not of the form postgres://user:password@host:5432/database');
  if ((pathname ?? '').length < 2) throw new ConfigError('hub.postgres', 'names no database: postgres://…/database');
}

/**
 * - opening: its tables and keys are not there yet. Everything is refused, with what is in the way.
 * - open: asked for what callers want, and by the probe, every two seconds.
 * - away: the server does not answer. Connections are cut, so that nothing waits on them, and all is refused until it answers again.
 * - closed.
 */
class PostgresStore implements HubStore {
  readonly engine = 'postgres';
  readonly ready: Promise<void>;
  readonly #options: PostgresStoreOptions;
  readonly #way: PostgresWay;
  readonly #db: HubDb;
  readonly #probe: PostgresProbe;
  readonly #statistics: TableStatistics;
  readonly #end = new AbortController();
  readonly #writes = new PQueue({ concurrency: WRITES_AT_ONCE });
  readonly #isReady = Promise.withResolvers<void>();
  #seal: HubSeal | undefined;
  /** Undefined: it answers. */
  #trouble: string | undefined = 'hub.postgres: has not answered yet';

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
    const { url } = options;
    this.#way = postgresWay({ url, closed: () => this.#refusal() });
    this.#db = new Kysely<HubTables>({ dialect: this.#way.dialect });
    this.#statistics = new TableStatistics(this.#db);
    this.#probe = new PostgresProbe({
      url,
      answeredAt: () => this.#way.answeredAt(),
      changed: (trouble) => this.#answers(trouble),
    });
    this.ready = this.#isReady.promise;
  }

  get db(): HubDb {
    this.#mustBeReady();
    return this.#db;
  }

  get seal(): HubSeal {
    return this.#mustBeReady();
  }

  /** Tries once. @throws ConfigError, MasterKeyError: what will not pass by itself */
  async open(): Promise<void> {
    try {
      await this.#prepare();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.#trouble = error.message;
      background(this.#keepTrying());
    }
  }

  async write<T>(work: (tx: HubDb) => Promise<T>, isolation: Isolation = 'serializable'): Promise<T> {
    this.#mustBeReady();
    const { observer } = this.#options;
    const begun = performance.now();
    try {
      const result = await this.#writes.add(() => this.#repeated(work, LEVELS[isolation]));
      this.#statistics.wrote();
      observer?.wrote?.(performance.now() - begun);
      return result;
    } catch (error) {
      if (error instanceof StoreUnavailable) observer?.failed?.(1);
      throw error;
    }
  }

  async #repeated<T>(work: (tx: HubDb) => Promise<T>, level: Level): Promise<T> {
    const { random = Math.random } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        const refusal = this.#refusal();
        if (refusal) throw refusal;
        return await this.#once(work, level, tries % ALONE_EACH === 0 ? ALONE : WITH_OTHERS);
      } catch (error) {
        const most = isRepeatable(error) ? MOST_TRIES : isUniqueViolation(error) ? MOST_UNIQUE_TRIES : 1;
        if (tries >= most) throw readableTrouble(error);
      }
      await pause(random() * Math.min(LONGEST_PAUSE_MS, tries * 5));
    }
  }

  #once<T>(work: (tx: HubDb) => Promise<T>, level: Level, turn: RawBuilder<unknown>): Promise<T> {
    return this.#db
      .transaction()
      .setIsolationLevel(level)
      .execute(async (tx) => {
        await turn.execute(tx);
        return work(tx);
      });
  }

  /** Its files are not ours. */
  async scrub(): Promise<void> {}

  health(): { status: 'pass' | 'fail'; output?: string } {
    return this.#trouble === undefined ? { status: 'pass' } : { status: 'fail', output: this.#trouble };
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#trouble = 'the hub is closed';
    this.#seal = undefined;
    this.#probe.close();
    await within(CLOSE_MS, this.#writes.onIdle()).catch(() => undefined);
    // What has not ended by now never will.
    this.#way.cut();
    await this.#db.destroy();
  }

  #refusal(): StoreUnavailable | undefined {
    return this.#trouble === undefined ? undefined : new StoreUnavailable(this.#trouble);
  }

  #mustBeReady(): HubSeal {
    if (!this.#seal) throw new StoreUnavailable(this.#trouble ?? 'the hub is closed');
    return this.#seal;
  }

  /** The probe has heard, or has not. */
  #answers(trouble: string | undefined): void {
    if (!this.#seal) return;
    this.#trouble = trouble;
    if (trouble !== undefined) this.#way.cut();
    this.#options.observer?.turned?.();
  }

  async #prepare(): Promise<void> {
    const { url } = this.#options;
    const trouble = await this.#probe.now();
    if (trouble !== undefined) throw new StoreUnavailable(trouble);
    const { dialect } = postgresWay({ url, connections: 1, queryMs: MIGRATION_MS });
    const db = new Kysely<HubTables>({ dialect });
    try {
      await this.#prepareBy(db);
    } finally {
      await db.destroy();
    }
  }

  async #prepareBy(db: HubDb): Promise<void> {
    const { keys, pushesFor, now } = this.#options;
    // Not serializable: what other instances did while this one waited for the lock has to be seen.
    const found = await db
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (tx) => {
        await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(tx);
        await migrate(tx, { engine: 'postgres', migrations, key: 'hub.postgres', now });
        await claimStore(tx, { pushesFor, key: 'hub.postgres' });
        return hubKeys(tx, keys);
      });
    if (this.#end.signal.aborted) return;
    this.#seal = tellingSeal(hubSeal(found), this.#options.observer);
    this.#trouble = undefined;
    this.#options.observer?.turned?.();
    this.#probe.start();
    this.#isReady.resolve();
  }

  async #keepTrying(): Promise<void> {
    const { signal } = this.#end;
    while (!this.#seal) {
      await pause(RETRY_MS, undefined, { ref: false, signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#prepare();
      } catch (error) {
        this.#trouble = toError(error).message;
      }
    }
  }
}

/**
 * The store in a PostgreSQL that several instances may share. One that does not answer is waited for in the background.
 * @throws ConfigError for a malformed URL, or a store of a later version; MasterKeyError
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<HubStore> {
  checkUrl(options.url);
  const store = new PostgresStore(options);
  try {
    await store.open();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
