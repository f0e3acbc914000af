import type { Agent, Dispatcher } from 'undici';
import { undici } from '../kit/http/undici.ts';
import { Throttle } from '../kit/throttle.ts';
import type { Log } from '../observe/log/log.ts';
import { createGuardedConnect } from '../outbound/guarded-connect.ts';
import { lateDispatcher } from '../outbound/late-dispatcher.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { RelayEvents, Settlement } from '../push/push.ts';
import { pushEntry } from '../push/push-entry.ts';
import type { ReportKeeper } from '../queue/file/kept-reports.ts';
import { createAppHook, type HookState } from './app-hook.ts';
import { type BacklogStats, FeedbackBacklog } from './backlog.ts';
import { BacklogRoom } from './backlog-room.ts';
import type { HookTarget } from './hook-target.ts';
import { type HookObserver, observedPost } from './observed-post.ts';
import type { Post } from './post.ts';
import { reportId } from './report-id.ts';
import { type BacklogEvents, troubleEvents } from './trouble-events.ts';

export interface FeedbackHookOptions {
  /** The hook of an app as it is at this moment; undefined: its failures are not reported. */
  readonly hookOf: (app: string) => HookTarget | undefined;
  readonly log: Pick<Log, 'error' | 'warn'>;
  /** Knows the proxy and the CA, and stays its owner's; default: an agent of our own. */
  readonly dispatcher?: Dispatcher;
  /** The same for hooks that may not be at private addresses (guarded-connect.ts). */
  readonly guarded?: Dispatcher;
  /** `log.hide_messages`, which in Gorush reaches the hook, too; default false. */
  readonly hideMessages?: boolean;
  /** Keeps what the hooks have not taken beyond the process: the queue file. */
  readonly keeper?: ReportKeeper | undefined;
  /** Calls under way at once, of the default app; default 20, Gorush's connections. Other apps have 10 at most. */
  readonly concurrency?: number;
  /** Entries and characters that may wait; default 100,000 and 64 Mi. An app other than the default one has a tenth at most. */
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  /** The same of what is in the keeper's file alone; default 500,000 and 320 Mi. */
  readonly maxShelved?: number;
  readonly maxShelvedBytes?: number;
  /** Milliseconds after which an entry that the hook refuses is given up; default an hour. */
  readonly maxAgeMs?: number;
  /** Milliseconds: the longest first pause before a call is repeated, and the longest at all; default 1,000 and 60,000. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** Monotonic, and UNIX milliseconds. */
  readonly monotonic?: () => number;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Told of each call. */
  readonly observer?: HookObserver;
}

export interface FeedbackHook {
  /** Takes each failed target, and each that fails later though it was accepted; never waits. */
  readonly events: Required<Pick<RelayEvents, 'settled' | 'late'>>;
  /** Whether an app has a hook. */
  hears(app: string): boolean;
  /** Has the app's hook told of something that is no push. @param id of the report: its receiver knows by it that it has it already */
  tell(app: string, id: string, body: object): void;
  /**
   * Entries of an app that hold one of these texts are not told any more. @param andComing nor are those that come within a minute; default true
   * @returns how many waited in memory
   */
  withdraw(app: string, texts: readonly string[], options?: { readonly andComing?: boolean }): number;
  /** Entries that wait for the hook of an app. */
  waiting(app: string): number;
  /** Of all apps. */
  stats(): BacklogStats;
  /** Of each app that was to hear of a failure; what apps counted that are no more is among `other`. */
  byApp(): readonly ({ readonly app: string } & BacklogStats)[];
  /** Waits until the hooks know everything, at most `ms`; less when they turn out to be dead. */
  drain(ms: number): Promise<void>;
  /** Leaves what is left to the keeper, or gives it up. */
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const CALLS_OF_AN_APP = 10;
const SHARE_OF_AN_APP = 0.1;

interface AppFeedback {
  readonly hook: () => HookState;
  readonly backlog: FeedbackBacklog;
  readonly events: BacklogEvents;
  /** Failures that a hook which cannot be called would have heard of. */
  unheard: number;
}

type Add = (id: string, body: string) => void;

/** Every failed target as Gorush's body and what Martlet adds; the token in full, whatever the log hides. */
function entriesOf(settlement: Settlement, hideMessages: boolean, add: Add): void {
  // The trace goes on with the call, which may be made by another process.
  const { outcomes, traceparent, tracestate } = settlement;
  for (let index = 0; index < outcomes.length; index++) {
    if (outcomes[index]?.kind !== 'failed') continue;
    const body = JSON.stringify({ ...pushEntry(settlement, index, hideMessages), traceparent, tracestate });
    add(reportId(settlement, index), body);
  }
}

/** Called for every settlement, and nearly all have none. */
function failuresOf({ outcomes }: Settlement): number {
  let failures = 0;
  for (const { kind } of outcomes) if (kind === 'failed') failures++;
  return failures;
}

/** A removed hook may come back, so its entries wait like those of one that fails. */
const postTo =
  (hook: () => HookState): Post =>
  async (entry, signal) => {
    const state = hook();
    return state.name === 'open' ? state.post(entry, signal) : { ok: false, reason: 'the app has no hook to call' };
  };

/**
 * Tells each app's hook of its pushes that failed for good: one POST for each target, from a queue of its own, so that a hook
 * that is slow or dead slows no push and no other app's hook. Any 2xx is success; everything else is tried again with backoff.
 */
class FeedbackHooks implements FeedbackHook {
  readonly events: FeedbackHook['events'] = {
    settled: (settlement) => this.#settled(settlement),
    late: ({ settlement }) => this.#settled(settlement),
  };
  readonly #options: FeedbackHookOptions;
  readonly #apps = new Map<string, AppFeedback>();
  readonly #room: BacklogRoom;
  readonly #shelves: BacklogRoom;
  readonly #agents: Dispatcher[] = [];
  readonly #dispatcher: Dispatcher;
  readonly #guarded: Dispatcher;
  /** Sums of apps that are no more. */
  #sent = 0;
  #failed = 0;
  #dropped = 0;
  #closed = false;

  constructor(options: FeedbackHookOptions) {
    const { maxEntries = 100_000, maxBytes = 64 * MIB, concurrency = 20, keeper } = options;
    const { maxShelved = 500_000, maxShelvedBytes = 320 * MIB } = options;
    this.#options = options;
    this.#room = new BacklogRoom({ maxEntries, maxBytes });
    this.#shelves = new BacklogRoom({
      ...{ maxEntries: maxShelved, maxBytes: maxShelvedBytes },
      // Pushes need the disk, too.
      isShort: (bytes) => bytes > (keeper?.room() ?? 0),
    });
    this.#dispatcher = options.dispatcher ?? this.#own(() => ({ connections: concurrency, pipelining: 1 }));
    this.#guarded =
      options.guarded ?? this.#own(() => ({ connect: createGuardedConnect({ proxyFor: () => undefined }) }));
    if (options.hookOf(DEFAULT_APP)) this.#app(DEFAULT_APP).hook();
    keeper?.recover({
      left: (backlog) => this.#app(backlog.app).backlog.left(backlog),
      take: (report) => this.#app(report.app).backlog.restore(report),
      gaveUp: ({ app, deaths }) => this.#app(app).backlog.gaveUp(deaths ?? 0),
    });
  }

  hears(app: string): boolean {
    return this.#options.hookOf(app) !== undefined;
  }

  tell(app: string, id: string, body: object): void {
    if (this.hears(app)) this.#add(app, 1, (backlog) => backlog.add(id, JSON.stringify(body)));
  }

  withdraw(app: string, texts: readonly string[], options?: { readonly andComing?: boolean }): number {
    return this.#apps.get(app)?.backlog.withdraw(texts, options) ?? 0;
  }

  waiting(app: string): number {
    return this.#apps.get(app)?.backlog.stats().backlog ?? 0;
  }

  stats(): BacklogStats {
    const all = this.byApp();
    const sum = (name: keyof BacklogStats): number => all.reduce((so, one) => so + one[name], 0);
    return { backlog: sum('backlog'), sent: sum('sent'), failed: sum('failed'), dropped: sum('dropped') };
  }

  byApp(): readonly ({ readonly app: string } & BacklogStats)[] {
    const gone = { app: 'other', backlog: 0, sent: this.#sent, failed: this.#failed, dropped: this.#dropped };
    const all = [...this.#apps].map(([app, { backlog, unheard }]) => {
      const stats = backlog.stats();
      return { app, ...stats, dropped: stats.dropped + unheard };
    });
    return gone.sent + gone.failed + gone.dropped > 0 ? [...all, gone] : all;
  }

  async drain(ms: number): Promise<void> {
    const callable = [...this.#apps.values()].filter(({ hook }) => hook().name === 'open');
    await Promise.all(callable.map(({ backlog }) => backlog.drain(ms)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { backlog } of this.#apps.values()) backlog.close();
    await Promise.all(this.#agents.map((agent) => agent.destroy()));
  }

  #settled(settlement: Settlement): void {
    const failures = failuresOf(settlement);
    if (failures === 0 || !this.hears(settlement.app)) return;
    const { hideMessages = false } = this.#options;
    this.#add(settlement.app, failures, (backlog) =>
      entriesOf(settlement, hideMessages, (id, body) => backlog.add(id, body)),
    );
  }

  /** Gives entries to an app's hook, unless it cannot be called. */
  #add(name: string, entries: number, add: (backlog: FeedbackBacklog) => void): void {
    const app = this.#app(name);
    const { hook, backlog, events } = app;
    const state = hook();
    if (state.name !== 'uncallable') {
      add(backlog);
      return;
    }
    app.unheard += entries;
    events.dropped(entries, state.why);
  }

  #app(name: string): AppFeedback {
    let app = this.#apps.get(name);
    if (!app) {
      this.#forgetRemoved();
      app = this.#open(name);
      this.#apps.set(name, app);
    }
    return app;
  }

  #open(name: string): AppFeedback {
    const { hookOf, log, monotonic, now = Date.now } = this.#options;
    const hook = createAppHook({
      target: () => hookOf(name),
      dispatcher: this.#dispatcher,
      guarded: this.#guarded,
      unusable: (headers) => log.warn('headers of the feedback hook cannot be sent', { app: name, headers }),
      now,
    });
    const origin = (): string | undefined => {
      const state = hook();
      return state.name === 'open' ? state.origin : undefined;
    };
    const waiting = (): number => backlog.stats().backlog;
    const events = troubleEvents(log, new Throttle(60_000, monotonic), name, origin, waiting);
    const backlog: FeedbackBacklog = this.#backlog(name, postTo(hook), events);
    if (this.#closed) backlog.close();
    return { hook, backlog, events, unheard: 0 };
  }

  #backlog(name: string, post: Post, events: BacklogEvents): FeedbackBacklog {
    const { concurrency = 20, maxAgeMs = 3_600_000, firstMs = 1000, maxMs = 60_000, keeper } = this.#options;
    const { monotonic = () => performance.now(), random = Math.random } = this.#options;
    const part = name === DEFAULT_APP ? 1 : SHARE_OF_AN_APP;
    const { observer } = this.#options;
    return new FeedbackBacklog({
      app: name,
      post: observer ? observedPost(post, name, observer) : post,
      events,
      concurrency: name === DEFAULT_APP ? concurrency : Math.min(concurrency, CALLS_OF_AN_APP),
      room: this.#room.share(part),
      shelf: this.#shelves.share(part),
      maxAgeMs,
      firstMs,
      maxMs,
      now: monotonic,
      random,
      keeper,
    });
  }

  /** Apps come and go for as long as the process lives. */
  #forgetRemoved(): void {
    for (const [name, { hook, backlog, unheard }] of this.#apps) {
      const { backlog: waiting, sent, failed, dropped } = backlog.stats();
      if (waiting > 0 || hook().name !== 'none') continue;
      this.#sent += sent;
      this.#failed += failed;
      this.#dropped += dropped + unheard;
      this.#apps.delete(name);
    }
  }

  #own(shape: () => Agent.Options): Dispatcher {
    const agent = lateDispatcher(async () => new (await undici()).Agent(shape()));
    this.#agents.push(agent);
    return agent;
  }
}

export const createFeedbackHook = (options: FeedbackHookOptions): FeedbackHook => new FeedbackHooks(options);
