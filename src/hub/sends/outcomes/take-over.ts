/**
 * Takes over what an instance that died had handed over. Each instance says every BEAT_MS that it lives, by a mark that changes; one whose
 * mark this instance has seen unchanged for SILENCE_MS, by its own monotonic clock, is taken for dead: clocks of hosts may differ, and
 * jump. What its handovers carried becomes that of the first to see it. What this instance's carrier holds goes on there (its queue came
 * back); the rest is decided again and leaves again. A push that the dead instance had sent, and whose outcome was lost with it, is then
 * sent twice, as one posted to /api/push would be.
 *
 * An instance that was only slow, and comes back, finds its decisions carried by other batches: its outcomes change nothing, and what it
 * has not sent is not wanted any more.
 */
import { background } from '../../../kit/background.ts';
import { toError } from '../../../kit/errors.ts';
import { RefusedError } from '../../../kit/refusal.ts';
import type { PushCarrier } from '../../push/push-carrier.ts';
import type { HubStore } from '../../storage/storage.ts';
import type { HubEvents } from '../hub-events.ts';
import {
  deleteHandovers,
  type Handover,
  type HandoversOf,
  handoversPage,
  takeHandover,
} from '../rows/handover-rows.ts';
import { sendAgain } from '../send-again.ts';
import { settleStatuses } from '../settle-status.ts';
import { isBatchOpen, isPending } from './batch-open.ts';
import type { HandedBatches } from './handed-batches.ts';
import { SignsOfLife } from './signs-of-life.ts';

export interface TakeOverOptions {
  readonly store: HubStore;
  /** Of this run of this process: no two runs have the same. */
  readonly instance: string;
  readonly carrier: Pick<PushCarrier, 'holds'>;
  readonly batches: Pick<HandedBatches, 'get'>;
  /** Outcomes that were heard are written. */
  readonly outcomesWritten: () => Promise<void>;
  /** People's timers were set to now. */
  readonly nudge: () => void;
  readonly events?: HubEvents | undefined;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
}

const BEAT_MS = 3000;
const PAGE = 200;
/** A write that failed began at most so long before, and may come to be written for so long after. */
const WRITE_MS = 60_000;
const DOUBT_MS = 300_000;
const REVIEW_MS = 300_000;
const MOST_FAILING = 1000;

/** Between which moments, UNIX milliseconds, something may have been written; and when that was doubted last, monotonic. */
interface Doubt {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };

export class TakeOver {
  readonly #options: TakeOverOptions;
  readonly #signs: SignsOfLife;
  #isStarted = false;
  /** Monotonic milliseconds of the last look by the timer. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** What earlier processes here left in the queue was not claimed yet. */
  #isFirst = true;
  /** When writes failed, of which some may be written all the same: the first and the last of them. */
  #doubt: Doubt | undefined;
  /** Handovers of this instance that nothing here knew of in the last look. */
  #unknown: ReadonlySet<string> = new Set();
  #reviewedAt: number;
  /** Batches that could not be taken: said once. */
  readonly #failing = new Set<string>();

  constructor(options: TakeOverOptions) {
    this.#options = options;
    this.#signs = new SignsOfLife(options);
    this.#reviewedAt = options.monotonic();
  }

  start(): void {
    this.#isStarted = true;
    this.#run();
    this.#timer = setInterval(() => this.#run(), BEAT_MS).unref();
  }

  /** Others would take what a process that they do not know of has handed over for that of a dead one. Undefined: they can know. */
  madeKnown(): Promise<void> | undefined {
    return this.#isStarted && !this.#signs.isGiven ? this.#signs.give() : undefined;
  }

  /** A transaction failed, or its answer was lost: what it was to hand over may be written, and was not handed over. */
  doubt(): void {
    const { now, monotonic } = this.#options;
    const at = now();
    this.#doubt = { from: Math.min(this.#doubt?.from ?? at, at - WRITE_MS), to: at, at: monotonic() };
  }

  /** Whether what was handed over then, monotonic milliseconds, may be another instance's by now. */
  isDoubtful(since: number): boolean {
    return this.#signs.isDoubtful(since);
  }

  /** Instances that live, by their names. */
  get signs(): Pick<SignsOfLife, 'hasOthers' | 'living'> {
    return this.#signs;
  }

  /** Says that this instance lives, and takes what is left of those that do not. */
  async look(): Promise<void> {
    await this.#signs.give();
    if (this.#isFirst) await this.#takeHeld();
    this.#isFirst = false;
    await this.#settleDoubt();
    const alive = await this.#signs.living();
    for await (const page of this.#pages({ notOf: alive }))
      for (const handover of page) await this.#tryToTake(handover);
    await this.#signs.forget();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.#signs.end();
  }

  #run(): void {
    const now = this.#options.monotonic();
    // A slow store is asked once at a time. After a standstill looks may follow at once, and the second is to be a while after the first.
    if (this.#running || now - this.#begunAt < BEAT_MS / 2) return;
    this.#begunAt = now;
    this.#running = this.look()
      .catch((thrown) => {
        const error = toError(thrown);
        if (!(error instanceof RefusedError))
          this.#options.tell('error', `what other instances of the hub left cannot be read: ${error.message}`);
      })
      .finally(() => {
        this.#running = undefined;
      });
    background(this.#running);
  }

  async *#pages(whose: HandoversOf): AsyncGenerator<readonly Handover[]> {
    for (let after: Handover | undefined; ; ) {
      const page: Handover[] = await handoversPage(this.#options.store.db, whose, after, PAGE);
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = page.at(-1);
    }
  }

  /** What this instance's queue brought back is this instance's, whether the one that it was of is silent for long or not. */
  async #takeHeld(): Promise<void> {
    const { instance, carrier } = this.#options;
    for await (const page of this.#pages({ notOf: [instance] }))
      for (const handover of page) if (carrier.holds(handover.batch) === true) await this.#tryToTake(handover);
  }

  /** Looks for what was written without an answer: a while after each failure, and now and then for all. */
  async #settleDoubt(): Promise<void> {
    const { monotonic } = this.#options;
    const doubt = this.#doubt;
    const isReview = monotonic() - this.#reviewedAt > REVIEW_MS;
    if (isReview || (doubt === undefined && this.#unknown.size > 0)) {
      await this.#takeUnknown(EVER);
      this.#reviewedAt = monotonic();
      return;
    }
    if (!doubt) return;
    await this.#takeUnknown(doubt);
    if (monotonic() - doubt.at > DOUBT_MS && this.#doubt === doubt) this.#doubt = undefined;
  }

  /**
   * What this instance has handed over, and nothing here knows of. Only what is unknown in two looks, one after the other: it may have
   * been committed a moment ago.
   */
  async #takeUnknown({ from, to }: Pick<Doubt, 'from' | 'to'>): Promise<void> {
    const { store, instance, carrier, batches, now } = this.#options;
    const before = this.#unknown;
    const unknown = new Set<string>();
    for await (const page of this.#pages({ of: instance, from, to }))
      for (const handover of page) {
        const { app, batch } = handover;
        if (batches.get(app, batch) || carrier.holds(batch) === true) continue;
        if (!before.has(batch)) unknown.add(batch);
        // Of what waits for a verdict nothing is known here, and nothing is missing.
        else if ((await isPending(store.db, handover)) || !(await isBatchOpen(store.db, handover, now())))
          await this.#tryToTake(handover);
      }
    this.#unknown = unknown;
  }

  /** One that cannot be taken holds up no other; it is tried again with the next look. */
  async #tryToTake(handover: Handover): Promise<void> {
    try {
      await this.#take(handover);
    } catch (thrown) {
      if (thrown instanceof RefusedError) throw thrown;
      const { message } = toError(thrown);
      if (!this.#failing.has(handover.batch))
        this.#options.tell('error', `pushes of the hub (${handover.batch}) cannot be taken over: ${message}`);
      if (this.#failing.size < MOST_FAILING) this.#failing.add(handover.batch);
    }
  }

  async #take(handover: Handover): Promise<void> {
    const { store, instance, carrier, now, nudge, events, tell, outcomesWritten } = this.#options;
    const { app, batch, targets, instance: dead } = handover;
    const isHeld = carrier.holds(batch) === true;
    // Of one that has just ended here.
    if (!isHeld) await outcomesWritten();
    const again = await store.write(async (tx) => {
      if (!(await takeHandover(tx, handover, instance)) || isHeld) return 0;
      const count = await sendAgain(tx, handover, targets, now());
      if (count > 0 || !(await isBatchOpen(tx, handover, now()))) await deleteHandovers(tx, app, [batch]);
      // What had ended of it while this batch was under way left that to the batch, whose people may have been erased since.
      if (count === 0) await settleStatuses(tx, app, [handover.notification], now());
      return count;
    });
    if (again === 0) return;
    events?.tookOver?.(again);
    nudge();
    if (dead === instance) tell('info', `${again} pushes of the hub whose store did not answer are sent now`);
    else tell('info', `${again} pushes of the hub that ${dead} left are sent by this instance`);
  }
}
