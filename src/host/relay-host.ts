import { createAppHooks } from '../apps/app-hooks.ts';
import { AppRegistry } from '../apps/app-registry.ts';
import { AppRefusedError, chooseApps } from '../apps/choose-app.ts';
import { fileApps } from '../apps/file-apps.ts';
import { AppLanes, type LanePlan } from '../apps/lanes/app-lanes.ts';
import { openStoredApps, type StoredApps } from '../apps/store/open-stored-apps.ts';
import type { Auth } from '../auth/auth.ts';
import { openAuth } from '../auth/open-auth.ts';
import { NO_LATE_OUTCOMES } from '../carrier/late-outcomes.ts';
import type { AgreeOnKey, ProviderEnvironment, ProviderRow, SectionValues } from '../carrier/provider-row.ts';

import { createFeedbackHook, type FeedbackHook } from '../feedback/hook.ts';
import { coreHook } from '../feedback/hook-target.ts';
import { numberedPools } from '../http2/create-pool.ts';
import type { History } from '../observe/history/history.ts';
import { openHistory } from '../observe/history/open-history.ts';
import type { Log } from '../observe/log/log.ts';
import { createMetrics, type Metrics } from '../observe/metrics/metrics.ts';
import { createStats } from '../observe/stats/create-stats.ts';
import { createMemoryStats } from '../observe/stats/memory-stats.ts';
import type { StatStore } from '../observe/stats/stats.ts';
import { statsListener } from '../observe/stats/stats-listener.ts';
import { createTaskCounts } from '../observe/stats/task-counts.ts';
import { loadTracing } from '../observe/tracing/load-tracing.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import { type Outbound, openOutbound, readAuthorities } from '../outbound/outbound.ts';
import type { ProxyEnvironment } from '../outbound/proxy.ts';
import { sectionFor } from '../providers/app-sections.ts';
import { builtIn, type FullConfig, type ProviderTable } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';
import { createTransports, type Transports } from '../providers/transports.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { Notification, Provider, RelayEvents } from '../push/push.ts';
import { combineEvents } from '../push/relay-events.ts';
import { decodePushRequest } from '../push/wire/decode-push-request.ts';
import { type CreateQueue, localEngine, type QueueWithReports, queueEngine } from '../queue/create-queue.ts';
import type { RequestBody } from '../queue/queue.ts';
import { type Accept, type IdempotentOptions, idempotent } from '../relay/idempotency.ts';
import { Lane } from '../relay/lane.ts';
import { type AcceptedPush, Relay } from '../relay/relay.ts';
import type { RetryPolicy } from '../relay/retry-decision.ts';
import type { Snapshot } from './cluster/totals.ts';
import { metricSources } from './metric-sources.ts';

export interface RelayHostOptions {
  readonly config: FullConfig;
  /** Martlet's own version. */
  readonly version: string;
  readonly log: Log;
  /** Default: those of this version. */
  readonly providers?: ProviderTable;
  /** Variables that providers read by themselves, as Google's libraries do. */
  readonly env?: ProviderEnvironment;
  /** Which proxy to take where `core.http_proxy` is empty; default: none. */
  readonly proxyEnv?: ProxyEnvironment;
  /** Certificates that are trusted besides the usual ones, PEM. */
  readonly extraCa?: readonly string[];
  /** Which provider token of a key all worker processes use; default: this is the only process. */
  readonly agreeOnToken?: AgreeOnKey;
  /** Where traces go; default: what the configuration says. Closed with the host. */
  readonly tracing?: Tracing | undefined;
  /** OTEL_EXPORTER_OTLP_ENDPOINT of the environment. */
  readonly otlpEndpoint?: string | undefined;
  /** Told of everything besides the parts of the process itself. */
  readonly listeners?: readonly RelayEvents[];
  /** Closed with the host. Default: in memory. */
  readonly stats?: StatStore;
  /** Default: that of the `local` engine. */
  readonly createQueue?: CreateQueue;
  /** The value of MARTLET_MASTER_KEY: what opens the secrets of apps made at run time. */
  readonly masterKey?: string | undefined;
  /** The apps that there are; default: those of the configuration. */
  readonly apps?: AppRegistry;
  /** Those made at run time, which `apps` holds as well. Closed with the host. */
  readonly storedApps?: StoredApps;
}

const MS = 1000;
/** What `core.worker_num` still means: in Gorush each worker told the hook of its own failures. */
const HOOK_CALLS_PER_WORKER = 10;

/** The rest of the policy is the app's: how often it retries. */
const commonPolicy = ({ queue }: FullConfig): Omit<RetryPolicy, 'maxRetry' | 'free'> => ({
  firstMs: queue.backoff * MS,
  maxMs: queue.backoff_max * MS,
  maxAgeMs: queue.max_age * MS,
});

/** What is opened before the host, since it takes time. */
interface HostParts {
  readonly providers: ProviderTable;
  readonly outbound: Outbound;
  readonly transports: Transports;
}

/** Everything that delivers pushes, whoever asks for them: HTTP, gRPC or the command line. */
export class RelayHost {
  readonly relay: Relay;
  /** `relay.accept`, but for requests that were accepted a moment ago. */
  readonly accept: Accept<IdempotentOptions>;
  readonly queue: QueueWithReports;
  readonly outbound: Outbound;
  /** Who may call; undefined: everybody. */
  readonly auth: Auth | undefined;
  /** The apps that there are, and their lanes. */
  readonly apps: AppRegistry;
  readonly storedApps: StoredApps | undefined;
  readonly providers: ProviderTable;
  readonly transports: Transports;
  readonly lanes: AppLanes;
  readonly stats: StatStore;
  readonly tasks = createTaskCounts();
  readonly hook: FeedbackHook;
  readonly metrics: Metrics;
  /** What became of pushes; undefined with `history.enabled: false`. */
  readonly history: History | undefined;
  readonly tracing: Tracing | undefined;
  readonly #log: Log;
  /** All listeners as one. */
  readonly #told: Required<RelayEvents>;

  /** @throws ConfigError when a credential cannot be used. */
  constructor(options: RelayHostOptions, { providers, outbound, transports }: HostParts) {
    const { config, log } = options;
    const { sync } = options.storedApps ?? {};
    this.#log = log;
    this.stats = options.stats ?? createMemoryStats();
    this.providers = providers;
    this.outbound = outbound;
    this.auth = openAuth(config, log, this.outbound.dispatcher);
    this.apps = options.apps ?? new AppRegistry(fileApps(config, providers), providers);
    this.storedApps = options.storedApps;
    this.transports = transports;
    this.lanes = new AppLanes({
      config,
      sandbox: config.sandbox.enabled,
      inherit: config.apps.inherit,
      registry: this.apps,
      cache: config.apps.cache,
      build: transports.build,
      find: sync && (() => sync.refresh()),
      trustStored: config.apps.allow_private_hooks,
      openLane: (plan) => this.#openLane(plan),
      queued: (lane) => this.queue.depth(lane).notifications,
      drainMs: longestRequest(config, providers),
      tell: (level, message) => log[level](message),
    });
    this.queue = this.#openQueue(options.createQueue ?? localEngine(config));
    this.tracing = options.tracing;
    this.hook = this.#openHook(config);
    this.history = openHistory(config, (level, message) => log[level](message));
    this.metrics = createMetrics({
      version: options.version,
      sandbox: config.sandbox.enabled,
      ...metricSources(this, config),
    });
    const common = commonPolicy(config);
    this.#told = this.#events(options.listeners ?? []);
    this.relay = new Relay({
      queue: this.queue,
      route: (notification, app) => this.lanes.route(notification, app),
      policyOf: (app, provider) => ({
        ...common,
        maxRetry: this.#sectionOf(app, provider).max_retry,
        free: this.#row(provider).delivery.free,
      }),
      sliceOf: (app, provider) => this.#row(provider).delivery.slice(this.#sectionOf(app, provider)),
      hideMessages: config.log.hide_messages,
      events: this.#told,
    });
    this.accept = idempotent({
      accept: (notifications, body, how) => this.#accept(notifications, body, how),
      dedupe: config.queue.dedupe,
      windowMs: config.queue.dedupe_window * MS,
    });
  }

  /** Another instance may have made an app a moment ago: only when the store has none either there is no such app. */
  #accept(
    notifications: readonly Notification[],
    body?: RequestBody,
    how: IdempotentOptions = {},
  ): AcceptedPush | Promise<AcceptedPush> {
    try {
      return this.#take(notifications, body, how);
    } catch (error) {
      const sync = this.storedApps?.sync;
      if (!sync || !(error instanceof AppRefusedError) || error.kind !== 'unknown_app') throw error;
      // What `chooseApps` has written into some of them must be kept.
      const again = () => this.#take(notifications, () => JSON.stringify({ notifications }), how);
      return sync
        .refresh()
        .catch(() => {})
        .then(again);
    }
  }

  /** Each notification goes out for one app; a request of which one cannot is refused whole. @throws AppRefusedError */
  #take(
    notifications: readonly Notification[],
    body: RequestBody | undefined,
    how: IdempotentOptions,
  ): AcceptedPush | Promise<AcceptedPush> {
    const changed = chooseApps(this.apps, notifications, how, {
      providerTrouble: (app, platform) => this.lanes.providerTrouble(app, platform),
      limitsOf: (app) => this.apps.get(app)?.shown.limits ?? {},
    });
    // What is kept must say for itself which app it is for: settings may be others when it is read again.
    return this.relay.accept(notifications, changed ? () => JSON.stringify({ notifications }) : body, how);
  }

  #row(provider: Provider): ProviderRow {
    return this.providers.named(provider) as ProviderRow;
  }

  #sectionOf(app: string, provider: Provider): SectionValues {
    return sectionFor(this.lanes.sectionsOf(app), this.#row(provider));
  }

  #openLane(plan: LanePlan): Lane {
    return new Lane({
      ...plan,
      // The lanes are there before the queue: a credential that cannot be used is told before a file is opened.
      queue: { take: (lane, limit) => this.queue.take(lane, limit) },
      onOutcomes: (batch, indexes, outcomes, sentAt) => this.relay.settle(batch, indexes, outcomes, sentAt),
      stale: (batch) => this.relay.stale(batch),
    });
  }

  /** Batches that are being sent. */
  busyWorkers(): number {
    let batches = 0;
    for (const { lane } of this.lanes) batches += lane.status().batches;
    return batches;
  }

  /** What this process has counted, for the sum over several. */
  async snapshot(): Promise<Snapshot> {
    const { shared } = this.stats;
    const { counts, apps } = shared ? { counts: await this.stats.read(), apps: [] } : await this.stats.readByApp();
    return {
      counts,
      shared,
      apps: [...apps],
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
      if (performance.now() >= lastCall) this.lanes.halt();
      waiting = performance.now() >= lastCall ? 0 : this.queue.depth().waiting;
    }
    await this.hook.drain(Math.max(0, until - performance.now()));
  }

  /** Call `drain` first, or what is under way may be sent again by the next process. What is unsettled stays in the queue. */
  async close(): Promise<void> {
    this.relay.close();
    this.lanes.halt();
    await this.storedApps?.close();
    await this.lanes.close();
    await this.transports.close();
    await this.outbound.close();
    await Promise.all([...this.lanes].map(({ lane }) => lane.idle()));
    await this.hook.close();
    await this.queue.close();
    this.history?.close();
    await this.tracing?.close();
    await this.stats.close();
    this.metrics.close();
  }

  #openHook(config: FullConfig): FeedbackHook {
    const { tracing } = this;
    return createFeedbackHook({
      hookOf: createAppHooks({
        apps: this.apps,
        own: coreHook(config.core),
        allowPrivate: config.apps.allow_private_hooks || config.sandbox.enabled,
      }),
      dispatcher: this.outbound.dispatcher,
      guarded: this.outbound.guarded,
      log: this.#log,
      keeper: this.queue.reports,
      hideMessages: config.log.hide_messages,
      observer: {
        reported: (call) => this.#told.reported(call),
        trace: tracing && ((parent) => tracing.hook(parent)),
      },
      concurrency: config.core.worker_num * HOOK_CALLS_PER_WORKER,
    });
  }

  #openQueue(createQueue: CreateQueue): QueueWithReports {
    return createQueue({
      wake: (name) => this.lanes.wake(name),
      restore: (request) => {
        const decoded = decodePushRequest(request.body);
        if (decoded.ok) return this.relay.restore(request, decoded.notifications.map(boundTo(request.app)));
        const [mistake] = decoded.details;
        this.#log.error(`request ${request.id} of the queue is no push: ${mistake?.path} ${mistake?.reason}`);
        return [];
      },
      tell: (level, message) => this.#log[level](message),
    });
  }

  #events(others: readonly RelayEvents[]): Required<RelayEvents> {
    const own = [this.#log.events, statsListener(this.stats), this.tasks.events, this.metrics.events, this.hook.events];
    const history = this.history ? [this.history.events] : [];
    const traced = this.tracing ? [this.tracing.events] : [];
    return combineEvents([...own, ...history, ...traced, ...others], (event, error) =>
      this.#log.error(`a listener of ${event} failed: ${error.message}`),
    );
  }
}

/** An app that has come since has no claim on what was accepted for another, whatever its topic. */
const boundTo =
  (app: string) =>
  (notification: Notification): Notification =>
    notification.app ? notification : { ...notification, app: app || DEFAULT_APP };

/** What a push may take at most from its hand-over to its outcome. */
const longestRequest = (config: FullConfig, providers: ProviderTable): number =>
  (Math.max(...Object.values(sectionsOf(config, providers)).map(({ request_timeout }) => request_timeout)) + 5) * MS;

const DRAIN_LOOK_MS = 10;
const LAST_OUTCOMES_MS = 5000;

/** Loads the providers that are on: their credentials are read before the queue is opened, and pushes need not wait for it. */
async function openProviders(options: RelayHostOptions): Promise<HostParts> {
  const { config, log, providers = builtIn } = options;
  const outbound = openOutbound({
    core: config.core,
    proxyEnv: options.proxyEnv ?? {},
    extraCa: options.extraCa ?? [],
    createPool: numberedPools(),
  });
  const transports = createTransports({
    outbound,
    env: options.env ?? {},
    agree: options.agreeOnToken,
    late: NO_LATE_OUTCOMES,
    log: (level, message) => log[level](message),
  });
  const sections = sectionsOf(config, providers);
  const used = providers.rows.filter(({ platform }) => sections[platform]?.enabled);
  await Promise.all(used.map((row) => transports.load(row)));
  return { providers, outbound, transports };
}

/**
 * A host with the counters of `stat.engine` and the queue of `queue.engine`.
 * @throws ConfigError for a credential that cannot be used, or counters that cannot be kept where they should.
 */
export async function openRelayHost(options: RelayHostOptions): Promise<RelayHost> {
  const { config, log } = options;
  const stats = options.stats ?? (await createStats(config.stat, (level, message) => log[level](message)));
  let storedApps: StoredApps | undefined;
  try {
    const ca = [...readAuthorities(config.core.ca_path), ...(options.extraCa ?? [])];
    const createQueue = options.createQueue ?? (await queueEngine(config, ca));
    const parts = await openProviders(options);
    const apps = new AppRegistry(fileApps(config, parts.providers), parts.providers);
    // Before the queue: what waits in it may be for one of them.
    storedApps = await openStoredApps({
      config,
      masterKey: options.masterKey,
      registry: apps,
      ca,
      tell: (level, message) => log[level](message),
    });
    const tracing = options.tracing ?? (await loadTracing(config, options));
    return new RelayHost({ ...options, stats, createQueue, apps, storedApps, tracing }, parts);
  } catch (error) {
    await storedApps?.close();
    await stats.close();
    throw error;
  }
}
