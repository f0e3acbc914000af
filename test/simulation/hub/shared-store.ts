import { DatabaseSync } from 'node:sqlite';
import { hubSeal } from '../../../src/hub/storage/hub-seal.ts';
import { migrate } from '../../../src/hub/storage/migrations/migrate.ts';
import { migrations } from '../../../src/hub/storage/migrations/migrations.ts';
import { kyselyOn } from '../../../src/hub/storage/sqlite/sqlite-dialect.ts';
import type { HubDb, HubStore } from '../../../src/hub/storage/storage.ts';
import { StoreUnavailable } from '../../../src/hub/storage/store-unavailable.ts';
import { current, type Life } from './lives.ts';

/** Dice of the faults, drawn for each use of the store; all false: none. */
export interface StoreFaults {
  /** The store cannot be asked, or not be written; nothing happened. */
  fails(): boolean;
  /** Written, and the answer is lost. */
  losesAnswer(): boolean;
  /** Others were in the way: the work is undone and done again, as PostgreSQL does. */
  repeats(): boolean;
  /** The process dies just before, or just after, its COMMIT. */
  crashes(): boolean;
  /** Milliseconds until an answer. */
  delay(): number;
}

export interface StoreWorld {
  readonly faults: StoreFaults;
  readonly now: () => number;
  /** An event of the world, in so many milliseconds. */
  after(ms: number, call: () => void): void;
  /** Ends a life in the middle of what it does. */
  crash(life: Life): void;
  /** After each commit, before anything else happens. */
  committed(life: Life | undefined): void;
}

const SAME_KEYS = { data: Buffer.alloc(32, 1), hash: Buffer.alloc(32, 2) };
const never = (): Promise<never> => new Promise(() => {});

/** The store of the hub that all instances of a history share: one at a time, as if it were serializable. */
export class SharedStore {
  readonly file = new DatabaseSync(':memory:');
  readonly seal = hubSeal(SAME_KEYS);
  readonly #tx: HubDb;
  #world: StoreWorld | undefined;
  /** What the open transaction means, once it is committed. */
  #meanings: (() => void)[] = [];
  /** While a transaction is open, or wanted by others before: when it is over. */
  #busy: Promise<void> | undefined;

  private constructor() {
    this.#tx = kyselyOn(this.file);
  }

  /** As one life sees it: what that asks when it is over has no answer, and would hold up those who ask on the same connection. */
  opened(): HubStore {
    return {
      engine: 'sqlite',
      ready: Promise.resolve(),
      db: kyselyOn(this.file, () => this.#beforeRead()),
      write: (work) => this.#write(work),
      seal: this.seal,
      scrub: async () => {},
      health: () => ({ status: 'pass' }),
      close: async () => {},
    };
  }

  static async open(): Promise<SharedStore> {
    const shared = new SharedStore();
    shared.file.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF');
    await migrate(shared.#tx, { engine: 'sqlite', migrations, key: 'hub.path', now: () => 0 });
    return shared;
  }

  /** Within a transaction: what is to be known as soon as it is committed. */
  onCommit(meaning: () => void): void {
    this.#meanings.push(meaning);
  }

  /** Empty, for the next history. */
  begin(world: StoreWorld): void {
    this.#world = world;
    this.#busy = undefined;
    if (this.file.isTransaction) this.file.exec('ROLLBACK');
    for (const { name } of this.file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all())
      if (name !== 'migrations') this.file.exec(`DELETE FROM "${name}"`);
  }

  #beforeRead(): Promise<void> | undefined {
    const life = current()?.life;
    const wait = this.#blocked(life) ?? this.#busy;
    if (wait || !life || !this.#world?.faults.fails()) return wait;
    const failing = Promise.reject(unavailable());
    // Who asks may only want to know that there is something to wait for.
    failing.catch(() => {});
    return failing;
  }

  /** A life that is over hears nothing any more, and one that stands still hears it later. */
  #blocked(life: Life | undefined): Promise<void> | undefined {
    const world = this.#world as StoreWorld;
    if (life?.isOver) return never();
    const rest = (life?.stillUntil ?? 0) - world.now();
    return rest > 0 ? new Promise((resolve) => world.after(rest, resolve)) : undefined;
  }

  async #write<T>(work: (tx: HubDb) => Promise<T>): Promise<T> {
    const { faults } = this.#world as StoreWorld;
    const life = current()?.life;
    for (let wait = this.#blocked(life) ?? this.#busy; wait; wait = this.#blocked(life) ?? this.#busy) await wait;
    if (life && faults.fails()) throw unavailable();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#busy = promise;
    try {
      return await this.#transaction(work, life);
    } finally {
      this.#busy = undefined;
      resolve();
      await this.#answering(life);
    }
  }

  async #transaction<T>(work: (tx: HubDb) => Promise<T>, life: Life | undefined): Promise<T> {
    const world = this.#world as StoreWorld;
    const { faults } = world;
    for (;;) {
      this.file.exec('BEGIN');
      this.#meanings = [];
      let result: T;
      try {
        result = await work(this.#tx);
      } catch (error) {
        this.file.exec('ROLLBACK');
        throw error;
      }
      const isRepeated = life !== undefined && faults.repeats();
      const isLost = !isRepeated && life !== undefined && faults.crashes();
      if (isRepeated || isLost) this.file.exec('ROLLBACK');
      if (isLost) world.crash(life as Life);
      if (isLost) return result;
      if (isRepeated) continue;
      this.file.exec('COMMIT');
      for (const meaning of this.#meanings.splice(0)) meaning();
      world.committed(life);
      if (life && faults.crashes()) world.crash(life);
      if (life && faults.losesAnswer()) throw unavailable();
      return result;
    }
  }

  async #answering(life: Life | undefined): Promise<void> {
    const { faults, after } = this.#world as StoreWorld;
    const ms = life ? faults.delay() : 0;
    if (ms > 0) await new Promise<void>((resolve) => after(ms, resolve));
    for (let wait = this.#blocked(life); wait; wait = this.#blocked(life)) await wait;
  }
}

const unavailable = (): StoreUnavailable => new StoreUnavailable('the store of the simulation is away');
