/**
 * Does what is due: claims rows of the kinds that it was given work for, a page at a time, and hands each page to the work of its kind.
 *
 * - stopped: before `start`, and from `close` on, which waits for what is under way.
 * - idle: a timer runs until the next row that is known of, at most POLL_MS, since other instances add rows too.
 * - running: pages are claimed until one is not full. Of the kinds whose rows are much work each, a few are claimed behind each page, by
 *   turns of their apps, so that neither holds up the other, and no app with very many others.
 *
 * Work that fails is tried again row by row, so that one bad row holds up no other, and a row that fails alone is put off, longer each
 * time. Rows of a process that dies come back when their lease ends; those that processes died over twice come last, each alone, and are
 * set aside after the sixth death, which the log says once.
 */
import { background } from '../../kit/background.ts';
import { backoff } from '../../kit/backoff.ts';
import { toError } from '../../kit/errors.ts';
import { RefusedError } from '../../kit/refusal.ts';
import type { HubStore } from '../storage/storage.ts';
import { UnreadableError } from '../storage/unreadable.ts';
import {
  ALONE_FROM,
  ASIDE_FROM,
  type Claim,
  type ClaimedDue,
  claimDue,
  type DueWork,
  FencedError,
  giveBackDue,
  hasDied,
  isAnyFree,
  isAnyOfOthers,
  nextDueAt,
  putOffDue,
} from './due-rows.ts';

export interface DueRunnerOptions {
  readonly store: HubStore;
  /** Of this process, unique among those that share the store. */
  readonly instance: string;
  readonly works: Readonly<Record<string, DueWork>>;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  /** Default 30 s: after that another instance takes what this one has claimed and not done. */
  readonly leaseMs?: number;
  /** Default 500. */
  readonly page?: number;
  /** Kinds of which a row is a page of work by itself: few are claimed at once, and done side by side. Default: none. */
  readonly large?: { readonly kinds: readonly string[]; readonly atOnce: number };
}

const POLL_MS = 1000;
const LEASE_MS = 30_000;
const PAGE = 500;
const PUT_OFF = { firstMs: 2000, maxMs: 300_000 };
/** After so many full pages of usual ones large ones have their turn, where these come first. */
const LARGE_EACH = 8;
/** After a store that could not be asked. */
const TROUBLE_MS = 1000;

interface Claimed {
  readonly rows: readonly ClaimedDue[];
  /** With those that were given back at once. */
  readonly count: number;
}

const NONE: Claimed = { rows: [], count: 0 };

export class DueRunner {
  readonly #options: DueRunnerOptions;
  readonly #kinds: readonly string[];
  /** Without the large ones. */
  readonly #usual: readonly string[];
  /** The apps of the large rows that were claimed last: those of others have their turn before. */
  #lastApps: readonly string[] = [];
  #fullPages = 0;
  readonly #now: () => number;
  #isStarted = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, UNIX milliseconds. */
  #wakeAt = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  /** A row became due, or was added, while a run was under way. */
  #isNudged = false;

  constructor(options: DueRunnerOptions) {
    this.#options = options;
    this.#kinds = Object.keys(options.works);
    this.#usual = this.#kinds.filter((kind) => !options.large?.kinds.includes(kind));
    this.#now = options.now ?? Date.now;
  }

  start(): void {
    this.#isStarted = true;
    this.nudge(0);
  }

  /** A row that is due at `at` was added: call it after its commit. */
  nudge(at: number): void {
    if (!this.#isStarted || at >= this.#wakeAt) return;
    if (this.#running) {
      this.#isNudged = true;
      return;
    }
    this.#wakeAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), Math.max(0, at - this.#now())).unref();
  }

  /** Does all that is due now; for tests with a clock of their own, whose runner is not started. */
  async runDue(): Promise<void> {
    while (await this.#page());
  }

  async close(): Promise<void> {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#isNudged = false;
    this.#running = this.#pages().then((next) => {
      this.#running = undefined;
      this.nudge(this.#isNudged ? 0 : next);
    });
    background(this.#running);
  }

  /** When to look again. */
  async #pages(): Promise<number> {
    try {
      // Nothing is written while nothing is due.
      if ((await this.#next()) <= this.#now()) while (this.#isStarted && (await this.#page()));
      return Math.min(await this.#next(), this.#now() + POLL_MS);
    } catch (thrown) {
      // The store says by itself when it cannot be reached.
      if (!(thrown instanceof RefusedError))
        this.#options.tell('warn', `what is due in the hub waits: ${toError(thrown).message}`);
      return this.#now() + TROUBLE_MS;
    }
  }

  async #next(): Promise<number> {
    return (await nextDueAt(this.#options.store.db, this.#kinds, this.#now())) ?? Number.POSITIVE_INFINITY;
  }

  /** True when there may be more. */
  async #page(): Promise<boolean> {
    const { store, page = PAGE } = this.#options;
    const isAny = await isAnyFree(store.db, this.#usual, this.#now());
    const { rows, count } = isAny ? await this.#claim({ kinds: this.#usual, limit: page }) : NONE;
    for (const [kind, some] of Map.groupBy(rows, (row) => row.kind)) await this.#do(kind, some);
    // Behind very many usual ones they are looked for among all of these.
    const isTheirTurn = count < page || ++this.#fullPages % LARGE_EACH === 0;
    const isMore = isTheirTurn && (await this.#largeOnes());
    return isMore || count === page || this.#oneAlone();
  }

  /** A few rows, each of which is much work. True when there may be more. */
  async #largeOnes(): Promise<boolean> {
    const { store, large } = this.#options;
    if (!large) return false;
    const { kinds, atOnce: limit } = large;
    const last = this.#lastApps;
    const now = this.#now();
    const isOthers = await isAnyOfOthers(store.db, kinds, now, last);
    if (!isOthers && !(await isAnyFree(store.db, kinds, now))) return false;
    const { rows, count } = await this.#claim(isOthers ? { kinds, limit, notOf: last } : { kinds, limit });
    this.#lastApps = [...new Set(rows.map(({ app }) => app))];
    const done = await Promise.allSettled(rows.map((row) => this.#do(row.kind, [row])));
    for (const each of done) if (each.status === 'rejected') throw each.reason;
    return count > 0;
  }

  /** Those that no process died over twice. */
  async #claim(of: Pick<Claim, 'kinds' | 'limit' | 'notOf'>): Promise<Claimed> {
    const { store, instance, leaseMs = LEASE_MS } = this.#options;
    const claim = { ...of, now: this.#now(), leaseMs, by: instance };
    const rows = await store.write((tx) => claimDue(tx, store.engine, claim));
    const died = rows.filter(({ deaths }) => deaths >= ALONE_FROM);
    if (died.length > 0) await store.write((tx) => giveBackDue(tx, died));
    return { rows: rows.filter(({ deaths }) => deaths < ALONE_FROM), count: rows.length };
  }

  /** One of those that processes died over. True when there may be more. */
  async #oneAlone(): Promise<boolean> {
    const { store, instance, leaseMs = LEASE_MS, tell } = this.#options;
    const now = this.#now();
    if (!(await hasDied(store.db, this.#kinds, now))) return false;
    const claim = { kinds: this.#kinds, now, leaseMs, by: instance, limit: 1, alone: true };
    const [row] = await store.write((tx) => claimDue(tx, store.engine, claim));
    if (!row) return false;
    if (row.deaths < ASIDE_FROM) await this.#do(row.kind, [row]);
    else {
      await store.write((tx) => giveBackDue(tx, [row]));
      tell(
        'error',
        `the hub's timer ${row.kind} is set aside: ${row.deaths} processes ended while they had it in hand`,
      );
    }
    return true;
  }

  async #do(kind: string, rows: readonly ClaimedDue[]): Promise<void> {
    const work = this.#options.works[kind] as DueWork;
    try {
      await work(rows);
    } catch (thrown) {
      // Nothing of it can be written: the rows are claimed again when their lease is over.
      if (thrown instanceof RefusedError && thrown.kind === 'unavailable') throw thrown;
      if (rows.length > 1) for (const row of rows) await this.#do(kind, [row]);
      else await this.#failed(rows[0] as ClaimedDue, toError(thrown));
    }
  }

  async #failed(row: ClaimedDue, error: Error): Promise<void> {
    if (error instanceof FencedError) return;
    const pauseMs = Math.ceil(PUT_OFF.firstMs / 2 + backoff(row.attempts, PUT_OFF));
    // The store has said once what it cannot read; there is nothing to do until it is deleted, or comes back.
    if (!(error instanceof UnreadableError))
      this.#options.tell('error', `the hub's timer ${row.kind} failed and is tried again: ${error.message}`);
    await this.#options.store.write((tx) => putOffDue(tx, row, this.#now() + pauseMs));
  }
}
