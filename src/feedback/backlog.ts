import { background, throwLater } from '../kit/background.ts';
import { backoff } from '../kit/backoff.ts';
import { Breaker } from '../kit/breaker.ts';
import { Fifo } from '../kit/fifo.ts';
import { Schedule } from '../kit/schedule.ts';
import type { ReportKeeper } from '../queue/file/kept-reports.ts';
import type { ReportBacklog, StoredReport } from '../queue/file/report-table.ts';
import type { Share } from './backlog-room.ts';
import { isReadable } from './is-readable.ts';
import type { HookAnswer, Post } from './post.ts';
import { Shelf } from './shelf.ts';
import type { BacklogEvents } from './trouble-events.ts';

export interface BacklogOptions {
  readonly post: Post;
  readonly events: BacklogEvents;
  /** Calls under way at once. */
  readonly concurrency: number;
  /** Of the memory. */
  readonly room: Share;
  /** Of the disk, for what there is no memory for. */
  readonly shelf: Share;
  /** Whose failed pushes these are. */
  readonly app: string;
  /** Milliseconds after which an entry that fails is not tried again. */
  readonly maxAgeMs: number;
  /** Milliseconds: bounds of the first pause before an entry is tried again, and of the longest. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  /** Keeps entries beyond the process; without it they die with it. */
  readonly keeper?: Omit<ReportKeeper, 'recover' | 'room'> | undefined;
}

interface Entry {
  readonly id: string;
  readonly body: string;
  /** The keeper's name for it. */
  readonly key: number | undefined;
  readonly since: number;
  /** An earlier process left it; and it may be what ended one (src/queue/file/deaths.ts). */
  readonly isOld: boolean;
  readonly isSuspect: boolean;
  attempts: number;
  /** It is not sent again, whatever comes of the call that is under way. */
  isWithdrawn?: true;
}

export interface BacklogStats {
  /** Entries that are not yet taken, those under way included. */
  readonly backlog: number;
  readonly sent: number;
  /** Calls that failed. */
  readonly failed: number;
  /** Entries given up. */
  readonly dropped: number;
}

/** A shutdown waits no longer than this for a hook that answers nothing but failures. */
const DRAIN_PATIENCE_MS = 5000;
/** Entries in memory that keep all calls busy while more are read. */
const FEW = 1000;
/** For outcomes of pushes that were under way. */
const WITHDRAWN_MS = 60_000;
const MOST_WITHDRAWN = 1000;
const DRAIN_PACE = { firstMs: 100, maxMs: 1000 };

/** A post never rejects; were it to, the entry must not be lost with its place among those under way. */
const mistaken = (error: unknown): HookAnswer => {
  throwLater(error);
  return { ok: false, reason: 'InternalError' };
};

type State =
  | { readonly name: 'running' }
  | { readonly name: 'draining'; readonly done: () => void; lastSuccessAt: number }
  | { readonly name: 'closed' };

/**
 * Entries on their way to the hook, about in order, a bounded number at a time. What fails waits for its own pause; several
 * failures in a row stop everything but a probe (the breaker), so a dead hook costs one call now and then. States:
 * - running: as said.
 * - draining: everything is due at once and pauses are short; it lasts until `close`.
 * - closed: what is left and what still comes is the next process's, if there is a keeper; else it is dropped, and told.
 */
export class FeedbackBacklog {
  readonly #options: BacklogOptions;
  readonly #ready = new Fifo<Entry>();
  readonly #deferred = new Schedule<Entry>();
  readonly #shelf: Shelf;
  readonly #closing = new AbortController();
  #breaker: Breaker;
  #state: State = { name: 'running' };
  readonly #underWay = new Set<Entry>();
  #sent = 0;
  #failed = 0;
  #dropped = 0;
  /** So few in memory that more are taken off the shelf. */
  #few = FEW;
  #timer: NodeJS.Timeout | undefined;
  /** Texts of entries that are not told any more. */
  #withdrawn: string[] = [];
  #remembering: NodeJS.Timeout | undefined;

  constructor(options: BacklogOptions) {
    this.#options = options;
    const { app, firstMs, maxMs, now, random, shelf: room, keeper } = options;
    this.#shelf = new Shelf({ app, room, keeper });
    this.#breaker = new Breaker({ firstMs, maxMs, now, random });
  }

  stats(): BacklogStats {
    return { backlog: this.#length, sent: this.#sent, failed: this.#failed, dropped: this.#dropped };
  }

  /** Takes an entry: into memory, or to the shelf, or drops it when there is no room: what waits already is older and no less true. */
  add(id: string, body: string): void {
    if (this.#isWithdrawn(body)) return;
    const { app, room, keeper } = this.#options;
    const isClosed = this.#state.name === 'closed';
    if (isClosed && !keeper) this.#drop(1, 'the process is ending');
    else if (this.#shelf.length > 0 || !room.take(body.length)) {
      if (!this.#shelf.put(id, body)) this.#drop(1, 'the backlog is full');
    } else {
      const key = keeper?.keep({ app, id, body });
      if (!isClosed) this.#enter({ id, body, key, isOld: false, isSuspect: false });
    }
    this.#pump();
  }

  /**
   * Entries that hold one of these texts are not told: neither those that wait in memory nor, if so wanted, those that come within a
   * minute. What is on the shelf alone is the keeper's to delete. @returns how many waited
   */
  withdraw(texts: readonly string[], { andComing = true }: { readonly andComing?: boolean } = {}): number {
    const isKept = ({ body }: Entry): boolean => !texts.some((text) => body.includes(text));
    const before = this.#remembered;
    const entries = this.#due();
    for (const entry of entries.filter((each) => !isKept(each))) this.#forget(entry);
    for (const entry of this.#underWay) if (!isKept(entry)) entry.isWithdrawn = true;
    this.#ready.retain(isKept);
    this.#deferred.retain(isKept);
    if (andComing) this.#refuseComing(texts);
    return before - this.#remembered;
  }

  #refuseComing(texts: readonly string[]): void {
    this.#withdrawn = [...this.#withdrawn.slice(-MOST_WITHDRAWN), ...texts];
    clearTimeout(this.#remembering);
    this.#remembering = setTimeout(() => {
      this.#withdrawn = [];
    }, WITHDRAWN_MS).unref();
  }

  #isWithdrawn(body: string): boolean {
    return this.#withdrawn.some((text) => body.includes(text));
  }

  /** Those in memory that are not under way. */
  #due(): Entry[] {
    return [...this.#ready, ...this.#deferred];
  }

  /** What an earlier process left in the keeper's file. */
  left(backlog: ReportBacklog): void {
    this.#shelf.add(backlog);
    this.#pump();
  }

  /** An entry of an earlier process that comes by itself. False: there is no memory for it now. */
  restore(report: StoredReport): boolean {
    // Those with deaths are in no portion (deaths.ts).
    const isOnShelf = (report.deaths ?? 0) === 0 && this.#shelf.holds(report.key);
    if (isOnShelf) this.#shelf.add({ first: report.key, entries: 1, bytes: report.body.length });
    else if (!this.#remember(report)) return false;
    this.#pump();
    return true;
  }

  /** One of an earlier process that is not sent any more. */
  gaveUp(deaths: number): void {
    this.#drop(1, `${deaths} processes ended while they sent them; they are set aside (martlet queue)`);
  }

  /** Takes an entry of the file into memory. An empty backlog has room for one. */
  #remember({ id, body, key, deaths = 0 }: StoredReport): boolean {
    const { room } = this.#options;
    const isEmpty = this.#remembered === 0;
    if (!room.take(body.length)) {
      if (!isEmpty) return false;
      room.add(1, body.length);
    }
    this.#enter({ id, body, key, isOld: true, isSuspect: deaths > 0 });
    return true;
  }

  #enter(entry: Omit<Entry, 'since' | 'attempts'>): void {
    this.#ready.push({ ...entry, since: this.#options.now(), attempts: 0 });
  }

  /** Where there is no memory now, it is asked for again when half of what is there has been taken. */
  #refill(): void {
    if (this.#shelf.length === 0 || this.#remembered >= this.#few) return;
    const wereAllTaken = this.#shelf.hand((report) => this.#remember(report));
    this.#few = wereAllTaken ? FEW : Math.max(1, Math.floor(this.#remembered / 2));
  }

  /** Resolves when every entry is taken, when the hook turns out to be dead, or after `ms`. */
  async drain(ms: number): Promise<void> {
    if (this.#state.name !== 'running' || this.#length === 0) return;
    const { now, random } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = setTimeout(resolve, ms);
    this.#setState({ name: 'draining', done: resolve, lastSuccessAt: now() });
    this.#breaker = new Breaker({ ...DRAIN_PACE, now, random });
    this.#pump();
    await promise;
    clearTimeout(limit);
  }

  /** Ends the calls under way. Undelivered entries stay with the keeper, or are dropped. */
  close(): void {
    if (this.#state.name === 'closed') return;
    this.#setState({ name: 'closed' });
    clearTimeout(this.#timer);
    clearTimeout(this.#remembering);
    const left = this.#length;
    if (left > 0 && !this.#options.keeper) this.#drop(left, 'the process is ending');
    this.#closing.abort();
  }

  get #length(): number {
    return this.#remembered + this.#shelf.length;
  }

  /** Those in memory. */
  get #remembered(): number {
    return this.#ready.length + this.#deferred.length + this.#underWay.size;
  }

  /** Sends what may be sent now, and sets the alarm for what may be later. */
  #pump(): void {
    if (this.#state.name === 'closed') return;
    this.#collectDue();
    this.#refill();
    while (this.#ready.length > 0 && this.#underWay.size < this.#options.concurrency && this.#breaker.admit() > 0) {
      const entry = this.#ready.shift() as Entry;
      if (entry.isOld && !isReadable(entry.body)) this.#setAside(entry);
      else background(this.#send(entry));
    }
    this.#setAlarm();
    if (this.#state.name === 'draining' && this.#length === 0) this.#state.done();
  }

  #collectDue(): void {
    const until = this.#options.now();
    for (let due = this.#deferred.takeDue(until); due; due = this.#deferred.takeDue(until)) this.#ready.push(due);
  }

  #setAlarm(): void {
    clearTimeout(this.#timer);
    const waits: number[] = [];
    const next = this.#deferred.next();
    if (next !== undefined) waits.push(next - this.#options.now());
    if (this.#ready.length > 0 && this.#breaker.state === 'open') waits.push(this.#breaker.waitMs());
    if (waits.length === 0) return;
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, Math.ceil(Math.min(...waits))));
    this.#timer.unref();
  }

  async #send(entry: Entry): Promise<void> {
    this.#underWay.add(entry);
    entry.attempts++;
    const suspect = entry.isSuspect ? entry.key : undefined;
    if (suspect !== undefined) this.#options.keeper?.taken(suspect);
    const result = await this.#options.post(entry, this.#closing.signal).catch(mistaken);
    this.#underWay.delete(entry);
    if (this.#state.name === 'closed') return;
    if (suspect !== undefined) this.#options.keeper?.returned(suspect);
    if (result.ok) this.#taken(entry);
    else this.#refused(entry, result);
    this.#pump();
  }

  #taken(entry: Entry): void {
    this.#forget(entry);
    this.#sent++;
    const wasDead = this.#breaker.state !== 'closed';
    this.#breaker.succeeded();
    if (wasDead) this.#options.events.recovered();
    if (this.#state.name === 'draining') this.#state.lastSuccessAt = this.#options.now();
  }

  #refused(entry: Entry, { reason, retryAfterMs = 0 }: Extract<HookAnswer, { ok: false }>): void {
    const { now, maxAgeMs, firstMs, maxMs, random, events } = this.#options;
    const draining = this.#state.name === 'draining';
    this.#failed++;
    this.#breaker.failed();
    const isLasting = this.#breaker.state !== 'closed';
    if (entry.isWithdrawn || this.#isWithdrawn(entry.body)) this.#forget(entry);
    else if (now() - entry.since > maxAgeMs) {
      events.failed(reason, isLasting);
      this.#forget(entry);
      this.#drop(1, `the hook did not take them for ${Math.round(maxAgeMs / 1000)} s`);
    } else {
      const pause = backoff(entry.attempts - 1, draining ? DRAIN_PACE : { firstMs, maxMs }, random);
      this.#deferred.add(now() + (draining ? pause : Math.max(pause, Math.min(retryAfterMs, maxAgeMs))), entry);
      // Only now does it count among those that wait.
      events.failed(reason, isLasting);
    }
    if (this.#state.name === 'draining' && now() - this.#state.lastSuccessAt > DRAIN_PATIENCE_MS) this.#state.done();
  }

  #forget({ body, key }: Entry): void {
    this.#options.room.give(body.length);
    if (key !== undefined) this.#options.keeper?.forget(key);
  }

  #setAside({ body, key }: Entry): void {
    this.#breaker.returnProbe();
    this.#options.room.give(body.length);
    if (key !== undefined) this.#options.keeper?.setAside(key, 'Unreadable');
    this.#drop(1, 'an earlier process left them in a form that cannot be read; they are set aside (martlet queue)');
  }

  #drop(entries: number, why: string): void {
    this.#dropped += entries;
    this.#options.events.dropped(entries, why);
  }

  #setState(state: State): void {
    this.#state = state;
    if (state.name !== 'draining') return;
    // What waits for a retry is due now.
    const all = Number.POSITIVE_INFINITY;
    for (let entry = this.#deferred.takeDue(all); entry; entry = this.#deferred.takeDue(all)) this.#ready.push(entry);
  }
}
