import { builtIn } from '../../src/providers/registry.ts';
import { LaneId } from '../../src/push/lane-id.ts';
import type { Notification, PushTransport } from '../../src/push/push.ts';
import { combineEvents } from '../../src/push/relay-events.ts';
import { LocalQueue } from '../../src/queue/file/local-queue.ts';
import { createMemoryQueue } from '../../src/queue/memory-queue.ts';
import type { Queue, WithdrawingQueue } from '../../src/queue/queue.ts';
import { QueueRefusedError } from '../../src/queue/queue-refused-error.ts';
import { Dispatch, type Lanes } from '../../src/relay/dispatch.ts';
import { LaneSet } from '../../src/relay/lane-set.ts';
import { Outcomes } from '../../src/relay/outcomes.ts';
import type { Route } from '../../src/relay/plan.ts';
import { createRestore } from '../../src/relay/restore.ts';
import type { RetryPolicy } from '../../src/relay/retry-decision.ts';
import { SyncRequests } from '../../src/relay/sync-requests.ts';
import { FREE_RETRIES } from '../support/free-retries.ts';
import { Ledger } from './ledger.ts';
import { MemoryFile } from './memory-file.ts';
import { MODES, ScriptedProvider } from './scripted-provider.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualTime } from './virtual-time.ts';

export interface HistoryReport {
  readonly seed: number;
  readonly accepted: number;
  readonly results: number;
  readonly repeated: number;
  readonly crashes: number;
  readonly violations: readonly string[];
}

const EPOCH = Date.UTC(2026, 0, 1);
/** A result is in the file a few milliseconds later; after a full disk, within half a second. */
const PROGRESS_MS = 5;
const REWRITE_MS = 510;
const PROVIDERS = ['apns', 'fcm', 'hms'] as const;
type Provider = (typeof PROVIDERS)[number];
const laneIdOf = (provider: Provider): LaneId => new LaneId({ app: 'default', provider, environment: 'production' });
const laneOf = (provider: Provider): string => laneIdOf(provider).key;

/** What a seed makes of a history. */
function draw(random: SeededRandom) {
  const durable = random.chance(0.7);
  const policy = (provider: Provider): RetryPolicy => ({
    maxRetry: random.between(0, 4),
    firstMs: random.pick([100, 1000]),
    maxMs: random.pick([2000, 60_000]),
    maxAgeMs: random.pick([5000, 60_000, 600_000]),
    free: FREE_RETRIES[provider],
  });
  const policies = Object.fromEntries(PROVIDERS.map((p) => [p, policy(p)])) as Record<Provider, RetryPolicy>;
  const rates = Object.fromEntries(PROVIDERS.map((p) => [laneOf(p), random.chance(0.25) ? random.between(1, 200) : 0]));
  const steady = random.chance(0.5);
  if (steady) rates[laneOf('apns')] = 0;
  return {
    durable,
    policies,
    rates,
    steady,
    lengthMs: random.between(1000, 30_000),
    requests: random.between(5, 40),
    limit: random.chance(0.2) ? random.between(1, 20) : 100_000,
    stops: durable ? random.between(0, 3) : 0,
    fullDisks: durable && random.chance(0.3) ? 1 : 0,
    clockJumps: durable ? 0 : random.between(0, 2),
  };
}

type Plan = ReturnType<typeof draw>;

/** One life of the relay's process. */
interface Process {
  readonly queue: Queue;
  readonly dispatch: Dispatch;
  readonly outcomes: Outcomes;
  readonly lanes: LaneSet;
  readonly transports: readonly PushTransport[];
}

class History {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #plan: Plan;
  readonly #file = new MemoryFile();
  readonly #ledger: Ledger;
  readonly #providers: ReadonlyMap<string, ScriptedProvider>;
  #process: Process | undefined;
  #skewMs = 0;
  #serial = 0;
  #stops = 0;

  constructor(seed: number, time: VirtualTime) {
    this.#time = time;
    this.#random = new SeededRandom(seed);
    this.#plan = draw(this.#random);
    const { policies, rates, steady } = this.#plan;
    this.#ledger = new Ledger({
      policies: Object.fromEntries(PROVIDERS.map((p) => [laneOf(p), policies[p]])),
      rates,
      steady: steady ? { lane: laneOf('apns'), withinMs: 1000 } : undefined,
      progressMs: PROGRESS_MS,
      rewriteMs: REWRITE_MS,
      now: () => time.now,
    });
    this.#providers = new Map(
      PROVIDERS.map((p) => [laneOf(p), new ScriptedProvider(laneOf(p), this.#random, this.#ledger)]),
    );
  }

  async run(seed: number): Promise<HistoryReport> {
    this.#start();
    this.#schedule();
    const { lengthMs } = this.#plan;
    await this.#time.run(lengthMs, () => false);
    for (const provider of this.#providers.values()) Object.assign(provider, { mode: 'fine', capacity: 1000 });
    await this.#time.run(lengthMs + 1_000_000, () => this.#isSettled());
    // The last results are written with the next transaction.
    await this.#time.run(this.#time.now + 2 * REWRITE_MS, () => false);
    return this.#report(seed);
  }

  #isSettled(): boolean {
    const left = this.#file.size + (this.#process?.queue.depth().notifications ?? 1);
    return left === 0 && this.#ledger.complete;
  }

  #report(seed: number): HistoryReport {
    const sum = this.#ledger.close();
    const violations = [...this.#ledger.violations];
    const left = this.#process?.queue.depth();
    if (left && left.notifications + left.waiting + left.deferred > 0) violations.push(`left: ${JSON.stringify(left)}`);
    if (this.#file.size > 0) violations.push(`the file still holds ${this.#file.size} records`);
    const { accepted, settled } = this.#file;
    if (accepted !== settled) violations.push(`the file counts ${accepted} accepted and ${settled} settled`);
    return { seed, ...sum, crashes: this.#stops, violations };
  }

  #schedule(): void {
    const { lengthMs, requests, stops, fullDisks, clockJumps, steady } = this.#plan;
    const random = this.#random;
    const some = (count: number, event: () => void): void => {
      for (let i = 0; i < count; i++) this.#time.after(random.between(0, lengthMs - 1), event);
    };
    some(requests, () => this.#ask());
    for (const [lane, provider] of this.#providers) {
      if (steady && lane === laneOf('apns')) continue;
      some(random.between(0, 6), () => {
        provider.mode = random.pick(MODES);
        provider.capacity = random.pick([1, 10, 100, 1000]);
      });
    }
    some(stops, () => void (random.chance(0.7) ? this.#crash() : this.#stop()));
    some(fullDisks, () => this.#fillDisk(random.between(1, 5000)));
    some(clockJumps, () => {
      this.#skewMs += random.pick([-3_600_000, 3_600_000]);
    });
  }

  #start(): void {
    const { durable, policies, rates, limit } = this.#plan;
    const born = this.#time.now;
    const now = (): number => this.#time.now - born;
    const random = this.#random.next;
    const events = combineEvents([{ settled: (settlement) => this.#ledger.told(settlement) }]);
    const clocks = { now: () => EPOCH + this.#time.now + this.#skewMs, monotonic: now };
    const sync = new SyncRequests();
    const outcomes = new Outcomes({
      policyOf: (_, provider) => policies[provider as Provider],
      sync,
      events,
      random,
      ...clocks,
    });
    const route = (app: string, { platform }: Notification): Route => {
      const provider = PROVIDERS[platform - 1] as Provider;
      const slice = { apns: 20, fcm: 50, hms: 100 }[provider];
      const row = builtIn.named(provider);
      if (!row) throw new Error(provider);
      const { platform: name, requests: rules } = row;
      return { app, platform: name, rules, lane: laneIdOf(provider), provider, environment: 'production', slice };
    };
    const restore = createRestore({
      decoder: builtIn.decoder,
      appOf: () => ({ app: 'default' }),
      outcomes,
      onDamage: (message) => this.#ledger.violations.push(message),
      ...clocks,
    });
    const lanes = new LaneSet({
      openQueue: (calls) => {
        const real: Queue & WithdrawingQueue = durable
          ? new LocalQueue({ ...calls, path: '', sync: 'normal', limit, now, openFile: () => this.#file.opened() })
          : createMemoryQueue({ ...calls, limit, now });
        return this.#observed(real, now);
      },
      restore: (request) => restore(request, { route }),
      outcomes,
      reopen: (id) => {
        throw new Error(`the lane ${id} is not open`);
      },
    });
    const append: Lanes['append'] = (entries, body) => lanes.append(entries, body);
    const newId = (): string => `r${++this.#serial}`;
    const dispatch = new Dispatch({ lanes: { route, append }, outcomes, sync, events, newId, ...clocks });
    const transports: PushTransport[] = [];
    for (const provider of PROVIDERS) {
      const id = laneIdOf(provider);
      const transport = (this.#providers.get(id.key) as ScriptedProvider).connect();
      transports.push(transport);
      lanes.open({ id, transport, rateLimit: rates[id.key] ?? 0, now, random });
    }
    this.#process = { queue: lanes.queue, dispatch, outcomes, lanes, transports };
  }

  /** The queue, with a look at what is deferred and until when. */
  #observed(queue: Queue & WithdrawingQueue, now: () => number): Queue & WithdrawingQueue {
    return {
      withdraw: (withdrawal) => queue.withdraw(withdrawal),
      append: (entries, body) => queue.append(entries, body),
      take: (lane, limit) => {
        const batch = queue.take(lane, limit);
        if (batch) this.#ledger.taken(lane.key, batch);
        return batch;
      },
      settle: (batch, indexes) => queue.settle(batch, indexes),
      defer: (batch, at) => {
        this.#ledger.deferred(batch, at - now());
        queue.defer(batch, at);
      },
      depth: (lane) => queue.depth(lane),
      oldestAge: () => queue.oldestAge(),
      health: () => queue.health(),
      close: () => queue.close(),
    };
  }

  /** A client's request, and what it learns of it. */
  #ask(): void {
    const process = this.#process;
    if (!process) return;
    const random = this.#random;
    const notifications = Array.from({ length: random.between(1, 3) }, () => this.#notification());
    const targets = notifications.flatMap((n) => n.tokens);
    const { ledger, life } = { ledger: this.#ledger, life: this.#ledger.life };
    const answer = (state: 'accepted' | 'refused'): void => {
      // The answer of a process that has ended reaches nobody.
      if (life === ledger.life) ledger.answered(targets, state);
    };
    const syncMs = random.between(1, 20_000);
    const sync = random.chance(0.3);
    try {
      const taken = process.dispatch.accept(notifications, undefined, sync ? { syncMs } : {});
      if (!(taken instanceof Promise)) answer('accepted');
      else
        taken.then(
          ({ logs }) => {
            answer('accepted');
            const told = logs.map((log) => log.token);
            if (new Set(told).size < told.length) ledger.violations.push('a sync answer names a token twice');
          },
          (error) => this.#refused(error, answer),
        );
    } catch (error) {
      this.#refused(error, answer);
    }
  }

  #refused(error: unknown, answer: (state: 'refused') => void): void {
    if (error instanceof QueueRefusedError) answer('refused');
    else this.#ledger.violations.push(`accept threw ${error}`);
  }

  #notification(): Notification {
    const random = this.#random;
    const platform = random.between(1, 3);
    const provider = PROVIDERS[platform - 1] as Provider;
    const policy = this.#plan.policies[provider];
    const tokens = Array.from(
      { length: random.chance(0.1) ? 200 : random.between(1, 12) },
      () => `${random.chance(0.1) ? 'dead' : 'live'}-${++this.#serial}`,
    );
    const urgent = random.chance(0.5);
    const retry = random.chance(0.3) ? random.between(0, 5) : 0;
    const { now } = this.#time;
    const wall = EPOCH + now + this.#skewMs;
    const seconds = random.chance(0.2) ? random.between(1, 60) : 0;
    const expiration = Math.floor(wall / 1000) + seconds;
    const life = seconds > 0 ? expiration * 1000 - wall : 0;
    this.#ledger.asked({
      lane: laneOf(provider),
      urgent,
      targets: tokens,
      maxRetry: retry > 0 ? Math.min(retry, policy.maxRetry) : policy.maxRetry,
      dieAt: now + Math.min(policy.maxAgeMs, life > 0 ? life : Number.POSITIVE_INFINITY),
    });
    return {
      platform,
      tokens,
      ...(urgent ? { priority: 'high' } : {}),
      ...(retry > 0 ? { retry } : {}),
      ...(seconds > 0 ? { expiration } : {}),
    };
  }

  #crash(): void {
    if (!this.#process) return;
    this.#stops++;
    this.#time.crash();
    this.#down();
  }

  /** SIGTERM with no time to drain. */
  async #stop(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#stops++;
    this.#process = undefined;
    process.outcomes.close();
    process.lanes.halt();
    await Promise.all(process.transports.map((transport) => transport.close()));
    await process.lanes.idle();
    await process.queue.close();
    this.#down();
  }

  #down(): void {
    this.#process = undefined;
    this.#ledger.ended();
    this.#time.after(this.#random.between(0, 3000), () => this.#start());
  }

  #fillDisk(ms: number): void {
    this.#file.full = true;
    this.#ledger.diskFull(true);
    this.#time.after(ms, () => {
      this.#file.full = false;
      this.#ledger.diskFull(false);
    });
  }
}

/** Plays the history that belongs to this seed, the same every time. */
export async function playHistory(seed: number): Promise<HistoryReport> {
  const time = new VirtualTime();
  time.install();
  try {
    return await new History(seed, time).run(seed);
  } finally {
    time.uninstall();
  }
}
