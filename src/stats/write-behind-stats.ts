import { toError } from '../errors.ts';
import { Throttle } from '../log/throttle.ts';
import { noStats, type StatCounts, type StatName, type StatStore, statNames } from './stats.ts';

/** Counts gathered in memory, to be added to the store as a whole. */
export interface CounterBatch {
  /** Grows from batch to batch. One that failed comes again under its number: the store may have taken it, and must not take it twice. */
  readonly number: number;
  readonly counts: Partial<StatCounts>;
}

/** The counters in a file or on a server. Each method may throw or reject; the same is tried again. */
export interface CounterTable {
  increment(batch: CounterBatch): Promise<void>;
  read(): Promise<StatCounts>;
  close(): Promise<void>;
}

export interface WriteBehindOptions {
  readonly table: CounterTable;
  /** What the table holds now. */
  readonly initial: StatCounts;
  /** For the log: `stat.engine redis`. */
  readonly name: string;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
  /** Default 1000. */
  readonly everyMs?: number;
}

const plus = (counts: StatCounts, more: Partial<StatCounts> = {}): StatCounts => {
  const sum = { ...counts };
  for (const name of statNames) sum[name] += more[name] ?? 0;
  return sum;
};

/**
 * Counters that are gathered in memory and written to a table once a second. While the table fails nothing is lost and nobody
 * waits: `read` answers from what is known here, and everything is written when the table is back.
 */
export class WriteBehindStats implements StatStore {
  readonly shared = true;
  readonly #options: WriteBehindOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #throttle = new Throttle();
  /** What the table held when last seen, and what is known to have been written since. */
  #known: StatCounts;
  #pending: Partial<StatCounts> = {};
  #batch: CounterBatch | undefined;
  #batches = 0;
  #syncing: Promise<void> | undefined;
  #failing = false;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
    this.#known = options.initial;
    this.#timer = setInterval(() => {
      if (this.#failing || this.#unwritten) void this.#sync();
    }, options.everyMs ?? 1000);
    this.#timer.unref();
  }

  add(name: StatName, count: number): void {
    this.#pending[name] = (this.#pending[name] ?? 0) + count;
  }

  async read(): Promise<StatCounts> {
    // The timer tries for all: a reader need not find out anew that the table is down.
    if (!this.#failing) await this.#sync();
    return plus(plus(this.#known, this.#batch?.counts), this.#pending);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#syncing;
    await this.#sync();
    if (this.#unwritten) this.#options.tell('warn', `${this.#options.name}: the last counts could not be written`);
    await this.#options.table.close().catch(() => {});
  }

  get #unwritten(): boolean {
    return this.#batch !== undefined || Object.keys(this.#pending).length > 0;
  }

  /** Writes and reads; never rejects. One at a time: whoever comes meanwhile waits for the same. */
  #sync(): Promise<void> {
    this.#syncing ??= this.#writeAndRead()
      .then(
        () => this.#succeeded(),
        (error) => this.#failed(toError(error)),
      )
      .finally(() => {
        this.#syncing = undefined;
      });
    return this.#syncing;
  }

  async #writeAndRead(): Promise<void> {
    if (this.#batch) await this.#write(this.#batch);
    if (Object.keys(this.#pending).length > 0) {
      this.#batch = { number: ++this.#batches, counts: this.#pending };
      this.#pending = {};
      await this.#write(this.#batch);
    }
    this.#known = await this.#options.table.read();
  }

  async #write(batch: CounterBatch): Promise<void> {
    await this.#options.table.increment(batch);
    this.#known = plus(this.#known, batch.counts);
    this.#batch = undefined;
  }

  #succeeded(): void {
    if (this.#failing) this.#options.tell('info', `${this.#options.name}: counters are written again`);
    this.#failing = false;
  }

  #failed(error: Error): void {
    this.#failing = true;
    this.#throttle.add('failed', 1, () =>
      this.#options.tell(
        'warn',
        `${this.#options.name}: counters cannot be written, they wait in memory: ${error.message}`,
      ),
    );
  }
}

/** Opens the store on what the table holds now. @throws what the table throws. */
export async function openWriteBehindStats(options: Omit<WriteBehindOptions, 'initial'>): Promise<WriteBehindStats> {
  return new WriteBehindStats({ ...options, initial: plus(noStats(), await options.table.read()) });
}
