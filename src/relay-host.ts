import { type Accept, type IdempotentOptions, idempotent } from './api/idempotency.ts';
import { decodePushRequest } from './api/wire/decode-push-request.ts';
import { DEFAULT_APP } from './apps/app.ts';
import type { Snapshot } from './cluster/totals.ts';
import type { Config } from './config/schema.ts';
import type { GoogleEnvironment } from './fcm/credentials.ts';
import { createFeedbackHook, type FeedbackHook } from './feedback/hook.ts';
import { coreHook } from './feedback/hook-target.ts';
import { numberedPools } from './http2/create-pool.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createProviders, type Providers, readAuthorities } from './providers.ts';
import type { ProxyEnvironment } from './proxy.ts';
import type { Provider, RelayEvents } from './push.ts';
import { type CreateQueue, localEngine, type QueueWithReports, queueEngine } from './queue/create-queue.ts';
import { Lane } from './queue/lane.ts';
import { Relay } from './relay.ts';
import { combineEvents } from './relay-events.ts';
import { FREE_RETRIES, type RetryPolicy } from './resilience/retry-decision.ts';
import { createStats } from './stats/create-stats.ts';
import { createMemoryStats } from './stats/memory-stats.ts';
import type { StatStore } from './stats/stats.ts';
import { statsListener } from './stats/stats-listener.ts';
import { createTaskCounts } from './stats/task-counts.ts';

export interface RelayHostOptions {
  readonly config: Config;
  /** Martlet's own version. */
  readonly version: string;
  readonly log: Log;
  /** Where Google's libraries look for credentials. */
  readonly google?: GoogleEnvironment;
  /** Which proxy to take where `core.http_proxy` is empty; default: none. */
  readonly proxyEnv?: ProxyEnvironment;
  /** Certificates that are trusted besides the usual ones, PEM. */
  readonly extraCa?: readonly string[];
  /** Told of everything besides the parts of the process itself. */
  readonly listeners?: readonly RelayEvents[];
  /** Closed with the host. Default: in memory. */
  readonly stats?: StatStore;
  /** Default: that of the `local` engine. */
  readonly createQueue?: CreateQueue;
}

const MS = 1000;
/** What `core.worker_num` still means: in Gorush each worker told the hook of its own failures. */
const HOOK_CALLS_PER_WORKER = 10;

function policies(config: Config): Record<Provider, RetryPolicy> {
  const { queue } = config;
  const common = { firstMs: queue.backoff * MS, maxMs: queue.backoff_max * MS, maxAgeMs: queue.max_age * MS };
  return {
    apns: { ...common, maxRetry: config.ios.max_retry, free: FREE_RETRIES.apns },
    fcm: { ...common, maxRetry: config.android.max_retry, free: FREE_RETRIES.fcm },
    hms: { ...common, maxRetry: config.huawei.max_retry, free: FREE_RETRIES.hms },
  };
}

/** Gorush's own sizes: what it had under way at once on iOS, what it took for one call on Android; HMS takes 1,000 in a request. */
const slices = ({ ios }: Config): Record<Provider, number> => ({
  apns: ios.max_concurrent_pushes > 0 ? ios.max_concurrent_pushes : 1000,
  fcm: 500,
  hms: 1000,
});

/** Everything that delivers pushes, whoever asks for them: HTTP, gRPC or the command line. */
export class RelayHost {
  readonly relay: Relay;
  /** `relay.accept`, but for requests that were accepted a moment ago. */
  readonly accept: Accept<IdempotentOptions>;
  readonly queue: QueueWithReports;
  readonly providers: Providers;
  readonly lanes = new Map<string, Lane>();
  readonly stats: StatStore;
  readonly tasks = createTaskCounts();
  readonly hook: FeedbackHook;
  readonly metrics: Metrics;
  readonly #log: Log;

  /** @throws ConfigError when a credential cannot be used. */
  constructor(options: RelayHostOptions) {
    const { config, log } = options;
    this.#log = log;
    this.stats = options.stats ?? createMemoryStats();
    this.providers = createProviders({
      config,
      google: options.google ?? {},
      proxyEnv: options.proxyEnv ?? {},
      extraCa: options.extraCa ?? [],
      createPool: numberedPools(),
    });
    this.queue = this.#openQueue(options.createQueue ?? localEngine(config));
    const ownHook = coreHook(config.core);
    this.hook = createFeedbackHook({
      hookOf: (app) => (app === DEFAULT_APP ? ownHook : undefined),
      dispatcher: this.providers.dispatcher,
      guarded: this.providers.guarded,
      log,
      keeper: this.queue.reports,
      hideMessages: config.log.hide_messages,
      concurrency: config.core.worker_num * HOOK_CALLS_PER_WORKER,
    });
    this.metrics = createMetrics({
      version: options.version,
      sandbox: config.sandbox.enabled,
      stats: this.stats,
      tasks: this.tasks,
      busyWorkers: () => this.busyWorkers(),
      queueDepth: () => this.queue.depth().notifications,
      queueHealth: () => this.queue.health().status,
      lanes: () => [...this.lanes.values()].map((lane) => lane.status()),
      feedback: this.hook,
    });
    this.relay = new Relay({
      queue: this.queue,
      route: this.providers.route,
      policies: policies(config),
      slices: slices(config),
      hideMessages: config.log.hide_messages,
      events: this.#events(options.listeners ?? []),
    });
    this.accept = idempotent({
      accept: (notifications, body, how) => this.relay.accept(notifications, body, how),
      dedupe: config.queue.dedupe,
      windowMs: config.queue.dedupe_window * MS,
    });
    for (const lane of this.providers.lanes) {
      this.lanes.set(
        lane.name,
        new Lane({
          ...lane,
          queue: this.queue,
          onOutcomes: (batch, indexes, outcomes, sentAt) => this.relay.settle(batch, indexes, outcomes, sentAt),
          stale: (batch) => this.relay.stale(batch),
        }),
      );
    }
  }

  /** Batches that are being sent. */
  busyWorkers(): number {
    let batches = 0;
    for (const lane of this.lanes.values()) batches += lane.status().batches;
    return batches;
  }

  /** What this process has counted, for the sum over several. */
  async snapshot(): Promise<Snapshot> {
    return {
      counts: await this.stats.read(),
      shared: this.stats.shared,
      tasks: this.tasks.read(),
      busyWorkers: this.busyWorkers(),
      metrics: await this.metrics.snapshot(),
    };
  }

  /**
   * Waits until the queue is empty and the hook has been told, at most `ms`. Deferred retries are not waited for. Towards the end
   * nothing more is sent, so that what is under way has its answer: cut off, it would be sent again by the next process.
   */
  async drain(ms: number): Promise<void> {
    const until = performance.now() + ms;
    const lastCall = until - Math.min(ms / 2, LAST_OUTCOMES_MS);
    let waiting = this.queue.depth().waiting;
    while ((waiting > 0 || this.busyWorkers() > 0) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
      if (performance.now() >= lastCall) for (const lane of this.lanes.values()) lane.halt();
      waiting = performance.now() >= lastCall ? 0 : this.queue.depth().waiting;
    }
    await this.hook.drain(Math.max(0, until - performance.now()));
  }

  /** Call `drain` first, or what is under way may be sent again by the next process. What is unsettled stays in the queue. */
  async close(): Promise<void> {
    this.relay.close();
    for (const lane of this.lanes.values()) lane.halt();
    await this.providers.close();
    await Promise.all([...this.lanes.values()].map((lane) => lane.idle()));
    await this.hook.close();
    await this.queue.close();
    await this.stats.close();
  }

  #openQueue(createQueue: CreateQueue): QueueWithReports {
    return createQueue({
      wake: (name) => this.lanes.get(name)?.wake(),
      restore: (request) => {
        const decoded = decodePushRequest(request.body);
        if (decoded.ok) return this.relay.restore(request, decoded.notifications);
        const [mistake] = decoded.details;
        this.#log.error(`request ${request.id} of the queue is no push: ${mistake?.path} ${mistake?.reason}`);
        return [];
      },
      tell: (level, message) => this.#log[level](message),
    });
  }

  #events(others: readonly RelayEvents[]): Required<RelayEvents> {
    const own = [this.#log.events, statsListener(this.stats), this.tasks.events, this.metrics.events, this.hook.events];
    return combineEvents([...own, ...others], (event, error) =>
      this.#log.error(`a listener of ${event} failed: ${error.message}`),
    );
  }
}

const DRAIN_LOOK_MS = 10;
const LAST_OUTCOMES_MS = 5000;

/**
 * A host with the counters of `stat.engine` and the queue of `queue.engine`.
 * @throws ConfigError for a credential that cannot be used, or counters that cannot be kept where they should.
 */
export async function openRelayHost(options: RelayHostOptions): Promise<RelayHost> {
  const { config, log } = options;
  const stats = options.stats ?? (await createStats(config.stat, (level, message) => log[level](message)));
  try {
    const ca = [...readAuthorities(config.core.ca_path), ...(options.extraCa ?? [])];
    const createQueue = options.createQueue ?? (await queueEngine(config, ca));
    return new RelayHost({ ...options, stats, createQueue });
  } catch (error) {
    await stats.close();
    throw error;
  }
}
