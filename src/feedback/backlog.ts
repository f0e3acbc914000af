import { background, throwLater } from '../kit/background.ts';
import { backoff } from '../kit/backoff.ts';
import { Breaker } from '../kit/breaker.ts';
import { Fifo } from '../kit/fifo.ts';
import { isObject } from '../kit/is-object.ts';
import { Schedule } from '../kit/schedule.ts';
import type { StoredReport } from '../queue/file/journal.ts';
import type { ReportKeeper } from '../queue/file/kept-reports.ts';
import type { Share } from './backlog-room.ts';
import type { HookAnswer, Post } from './post.ts';

/** What is logged. */
export interface BacklogEvents {
  /** A call failed; the entry is tried again. `lasting`: several in a row did. */
  failed(reason: string, lasting: boolean): void;
  /** A call was taken after several in a row had failed. */
  recovered(): void;
  /** Entries are lost for good. */
  dropped(entries: number, why: string): void;
}

export interface BacklogOptions {
  readonly post: Post;
  readonly events: BacklogEvents;
  /** Calls under way at once. */
  readonly concurrency: number;
  readonly room: Share;
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
  readonly keeper?: Omit<ReportKeeper, 'recover'> | undefined;
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
const DRAIN_PACE = { firstMs: 100, maxMs: 1000 };

/** A post never rejects; were it to, the entry must not be lost with its place among those under way. */
const mistaken = (error: unknown): HookAnswer => {
  throwLater(error);
  return { ok: false, reason: 'InternalError' };
};

function isReadable(body: string): boolean {
  try {
    return isObject(JSON.parse(body));
  } catch {
    return false;
  }
}

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
  readonly #closing = new AbortController();
  #breaker: Breaker;
  #state: State = { name: 'running' };
  #underWay = 0;
  #sent = 0;
  #failed = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BacklogOptions) {
    this.#options = options;
    const { firstMs, maxMs, now, random } = options;
    this.#breaker = new Breaker({ firstMs, maxMs, now, random });
  }

  stats(): BacklogStats {
    return { backlog: this.#length, sent: this.#sent, failed: this.#failed, dropped: this.#dropped };
  }

  /** Takes an entry, or drops it when there is no room: what waits already is older and no less true. */
  add(id: string, body: string): void {
    this.#add(id, body);
  }

  /** An entry that an earlier process left. */
  restore(report: StoredReport): void {
    this.#add(report.id, report.body, report);
  }

  /** One of an earlier process that is not sent any more. */
  gaveUp(deaths: number): void {
    this.#drop(1, `${deaths} processes ended while they sent them; they are set aside (martlet queue)`);
  }

  #add(id: string, body: string, left?: StoredReport): void {
    const kept = left?.key;
    const { app, room, now, keeper } = this.#options;
    const isClosed = this.#state.name === 'closed';
    const isFull = !room.take(body.length);
    if (isFull || (isClosed && !keeper)) {
      if (!isFull) room.give(body.length);
      if (kept !== undefined) keeper?.forget(kept);
      this.#drop(1, isFull ? 'the backlog is full' : 'the process is ending');
      return;
    }
    const key = kept ?? keeper?.keep({ app, id, body });
    if (isClosed) return;
    const isSuspect = (left?.deaths ?? 0) > 0;
    this.#ready.push({ id, body, key, since: now(), isOld: left !== undefined, isSuspect, attempts: 0 });
    this.#pump();
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
    const left = this.#length;
    if (left > 0 && !this.#options.keeper) this.#drop(left, 'the process is ending');
    this.#closing.abort();
  }

  get #length(): number {
    return this.#ready.length + this.#deferred.length + this.#underWay;
  }

  /** Sends what may be sent now, and sets the alarm for what may be later. */
  #pump(): void {
    if (this.#state.name === 'closed') return;
    this.#collectDue();
    while (this.#ready.length > 0 && this.#underWay < this.#options.concurrency && this.#breaker.admit() > 0) {
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
    this.#underWay++;
    entry.attempts++;
    const suspect = entry.isSuspect ? entry.key : undefined;
    if (suspect !== undefined) this.#options.keeper?.taken(suspect);
    const result = await this.#options.post(entry, this.#closing.signal).catch(mistaken);
    this.#underWay--;
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
    if (now() - entry.since > maxAgeMs) {
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
