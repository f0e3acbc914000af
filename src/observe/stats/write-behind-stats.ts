import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { LastingTrouble } from '../../kit/lasting-trouble.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { addApps, addCount, addCounts, countsOf, MOST_APPS, OTHER_APPS, sumOfApps } from './app-counts.ts';
import type { AppCounts, StatCounts, StatName, StatReading, StatStore } from './stats.ts';

/** Counts gathered in memory, to be added to the store as a whole. */
export interface CounterBatch {
  /** Grows from batch to batch. One that failed comes again under its number: the store may have taken it, and must not take it twice. */
  readonly number: number;
  readonly counts: Partial<StatCounts>;
  /** What of `counts` is of which app. */
  readonly apps: AppCounts;
}

/** The counters in a file or on a server. Each method may throw or reject; the same is tried again. */
export interface CounterTable {
  increment(batch: CounterBatch): Promise<void>;
  read(): Promise<StatCounts>;
  readByApp(): Promise<StatReading>;
  close(): Promise<void>;
}

export interface WriteBehindOptions {
  readonly table: CounterTable;
  /** What the table holds now. */
  readonly initial: StatReading;
  /** For the log: `stat.engine redis`. */
  readonly name: string;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
  /** Default 1000. */
  readonly everyMs?: number;
}

interface Gathered {
  readonly counts: Partial<StatCounts>;
  readonly apps: Map<string, Partial<StatCounts>>;
}

interface Known {
  readonly counts: StatCounts;
  readonly apps: Map<string, Partial<StatCounts>>;
}

const known = ({ counts, apps }: StatReading): Known => ({ counts: { ...counts }, apps: sumOfApps(apps) });

const nothing = (): Gathered => ({ counts: {}, apps: new Map() });

const isNothing = ({ counts }: Gathered): boolean => Object.keys(counts).length === 0;

/**
 * Counters that are gathered in memory and written to a table once a second. While the table fails nothing is lost and no caller
 * waits: `read` answers from what is known here, and everything is written when the table is back.
 */
export class WriteBehindStats implements StatStore {
  readonly shared = true;
  readonly #options: WriteBehindOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #trouble = new LastingTrouble();
  /** What the table held when last seen, and what is known to have been written since. */
  #known: Known;
  /** Apps that have counters, here or in the table when that was last read. */
  readonly #apps = new Set<string>();
  #pending = nothing();
  #batch: CounterBatch | undefined;
  #batches = 0;
  #syncing: Promise<void> | undefined;
  #syncingApps: Promise<void> | undefined;
  #failing = false;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
    this.#known = known(options.initial);
    for (const app of this.#known.apps.keys()) this.#nameOf(app);
    this.#timer = setInterval(() => {
      if (this.#failing || this.#unwritten) background(this.#sync());
    }, options.everyMs ?? 1000);
    this.#timer.unref();
  }

  add(name: StatName, count: number, app: string = DEFAULT_APP): void {
    addCount(this.#pending.counts, name, count);
    if (app !== DEFAULT_APP) addCount(countsOf(this.#pending.apps, this.#nameOf(app)), name, count);
  }

  async read(): Promise<StatCounts> {
    // The timer tries for all: a reader need not find out again that the table is down.
    if (!this.#failing) await this.#sync();
    return this.#counts();
  }

  async readByApp(): Promise<StatReading> {
    this.#syncingApps ??= this.#syncApps().finally(() => {
      this.#syncingApps = undefined;
    });
    await this.#syncingApps;
    const parts = [this.#known, ...(this.#batch ? [this.#batch] : []), this.#pending];
    return { counts: this.#counts(), apps: sumOfApps(...parts.map(({ apps }) => apps)) };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#syncing;
    await this.#sync();
    if (this.#unwritten) this.#options.tell('warn', `${this.#options.name}: the last counts could not be written`);
    await this.#options.table.close().catch(() => {});
  }

  get #unwritten(): boolean {
    return this.#batch !== undefined || !isNothing(this.#pending);
  }

  #counts(): StatCounts {
    const sum = { ...this.#known.counts };
    addCounts(sum, this.#batch?.counts ?? {});
    addCounts(sum, this.#pending.counts);
    return sum;
  }

  #nameOf(app: string): string {
    if (this.#apps.has(app)) return app;
    if (app === OTHER_APPS || this.#apps.size >= MOST_APPS) return OTHER_APPS;
    this.#apps.add(app);
    return app;
  }

  async #syncApps(): Promise<void> {
    // What is under way may read the totals alone.
    while (this.#syncing) await this.#syncing;
    if (!this.#failing) await this.#sync(true);
  }

  /** Writes and reads; never rejects. One at a time: calls in between wait for the same one. */
  #sync(byApp = false): Promise<void> {
    this.#syncing ??= this.#writeAndRead(byApp)
      .then(
        () => this.#succeeded(),
        (error) => this.#failed(toError(error)),
      )
      .finally(() => {
        this.#syncing = undefined;
      });
    return this.#syncing;
  }

  async #writeAndRead(byApp: boolean): Promise<void> {
    if (this.#batch) await this.#write(this.#batch);
    if (!isNothing(this.#pending)) {
      this.#batch = { number: ++this.#batches, ...this.#pending };
      this.#pending = nothing();
      await this.#write(this.#batch);
    }
    const { table } = this.#options;
    if (!byApp) {
      this.#known = { counts: { ...(await table.read()) }, apps: this.#known.apps };
      return;
    }
    this.#known = known(await table.readByApp());
    for (const app of this.#known.apps.keys()) this.#nameOf(app);
  }

  async #write(batch: CounterBatch): Promise<void> {
    await this.#options.table.increment(batch);
    addCounts(this.#known.counts, batch.counts);
    addApps(this.#known.apps, batch.apps);
    this.#batch = undefined;
  }

  #succeeded(): void {
    this.#trouble.succeeded(() => this.#options.tell('warn', `${this.#options.name}: counters are written again`));
    this.#failing = false;
  }

  #failed(error: Error): void {
    this.#failing = true;
    this.#trouble.failed(() =>
      this.#options.tell(
        'warn',
        `${this.#options.name}: counters cannot be written, they wait in memory: ${error.message}`,
      ),
    );
  }
}

/** Opens the store on what the table holds now. @throws what the table throws. */
export async function openWriteBehindStats(options: Omit<WriteBehindOptions, 'initial'>): Promise<WriteBehindStats> {
  return new WriteBehindStats({ ...options, initial: await options.table.readByApp() });
}
