import { createAppChooser } from '../apps/choose-app.ts';
import { openAuth } from '../auth/open-auth.ts';
import type { AgreeOnKey, ProviderEnvironment } from '../carrier/provider-row.ts';
import { sinkQueue } from '../feedback/sink-queue.ts';
import { toMs } from '../kit/seconds.ts';
import { openHistory } from '../observe/history/open-history.ts';
import type { Log } from '../observe/log/log.ts';
import { createStats } from '../observe/stats/create-stats.ts';
import { statsListener } from '../observe/stats/stats-listener.ts';
import { createTaskCounts } from '../observe/stats/task-counts.ts';
import { loadTracing } from '../observe/tracing/load-tracing.ts';
import { readAuthorities } from '../outbound/outbound.ts';
import type { ProxyEnvironment } from '../outbound/proxy.ts';
import { builtIn, type FullConfig, type ProviderTable } from '../providers/registry.ts';
import type { RelayEvents } from '../push/push.ts';
import { createEventHub } from '../push/relay-events.ts';
import { queueEngine } from '../queue/create-queue.ts';
import { withdrawalOf } from '../queue/withdrawal.ts';
import { AnswerPace } from '../relay/answer-pace.ts';
import { Dispatch } from '../relay/dispatch.ts';
import { createIntake } from '../relay/intake.ts';
import type { LastingRequests } from '../relay/lasting-requests.ts';
import { drainRelay } from './drain-relay.ts';
import { openApps } from './open-apps.ts';
import { openFeedback } from './open-feedback.ts';
import { openLanes } from './open-lanes.ts';
import { openMetrics } from './open-metrics.ts';
import { openProviders } from './open-providers.ts';
import { openReceipts } from './open-receipts.ts';
import type { Relay } from './relay.ts';
import { relaySnapshot } from './relay-snapshot.ts';

export interface RelayOptions {
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
  /** Certificates that are trusted in addition to the usual ones, PEM. */
  readonly extraCa?: readonly string[];
  /** Which provider token of a key all worker processes use; default: this is the only process. */
  readonly agreeOnToken?: AgreeOnKey;
  /** OTEL_EXPORTER_OTLP_ENDPOINT of the environment. */
  readonly otlpEndpoint?: string | undefined;
  /** The value of MARTLET_MASTER_KEY: what opens the secrets of apps made at run time. */
  readonly masterKey?: string | undefined;
  /** What the hub hears of its own pushes, and decides about them. Absent: there is no hub. */
  readonly hub?: { readonly events: RelayEvents; readonly lasting: LastingRequests } | undefined;
}

/**
 * Opens a relay, part by part; what each needs is open before it. What has to be waited for comes first: from the queue on, all
 * is there within one turn of the event loop, before the queue brings back what it kept.
 * @param closers closes all of it in the reverse order, also when opening fails
 * @throws ConfigError for a credential that cannot be used, or counters that cannot be kept where they should.
 */
export async function openRelay(options: RelayOptions, closers: AsyncDisposableStack): Promise<Relay> {
  const { config, log, extraCa = [], providers = builtIn } = options;
  const tell = (level: 'info' | 'warn' | 'error', message: string): void => log[level](message);
  const ca = [...readAuthorities(config.core.ca_path), ...extraCa];

  const stats = closers.adopt(await createStats(config.stat, tell), (store) => store.close());
  const createQueue = await queueEngine(config, ca);
  const events = createEventHub((event, error) => log.error(`a listener of ${event} failed: ${error.message}`));
  const receipts = openReceipts({ config, providers, events, tell }, closers);
  const apps = await openApps({ config, providers, masterKey: options.masterKey, ca, tell }, closers);
  const { registry, stored, inUse } = apps;
  const sectionOf: Relay['sectionOf'] = (app, row) => inUse.sectionOf(app, row);
  const { outbound, transports } = await openProviders({ ...options, providers, receipts, events, sectionOf, tell });
  const tracing = await loadTracing(config, options);
  closers.defer(() => tracing?.close());

  const auth = openAuth(config, log, outbound.dispatcher);
  const tasks = createTaskCounts();
  const history = openHistory(config, providers, tell, apps.stored.keys?.[0].bytes, () => registry.size);
  closers.defer(() => history?.close());
  const { env, hub } = options;
  const sending = { build: transports.build, createQueue, lasting: hub?.lasting };
  const { lanes, outcomes, sync } = openLanes({ config, apps, env, ...sending, events, log }, closers);
  const { sync: store } = stored;
  const { queue } = lanes;
  const hook = openFeedback({ config, apps: registry, outbound, keeper: queue.reports, tracing, events, log }, closers);
  const metrics = openMetrics({ lanes, apps: registry, stats, tasks, hook, auth }, options, closers);
  const counters = { events: statsListener(stats) };
  const listeners = [log, counters, tasks, metrics, hook, history, tracing, receipts, hub];
  for (const listener of listeners) if (listener) events.listen(listener.events);

  const pace = new AnswerPace({ waiting: (lane) => queue.depth(lane).waiting });
  const dispatch = new Dispatch({ lanes, outcomes, sync, pace, events });
  const accept = createIntake({
    dispatch,
    chooseApps: createAppChooser({
      apps: registry,
      providerTrouble: (app, platform) => lanes.providerTrouble(app, platform),
      limitsOf: (app) => registry.get(app)?.shown.limits ?? {},
      refresh: store && (() => store.refresh()),
    }),
    dedupe: config.queue.dedupe,
    windowMs: toMs(config.queue.dedupe_window),
  });
  const stopWaiting = (): void => {
    outcomes.close();
    pace.close();
  };
  closers.defer(async () => {
    stopWaiting();
    lanes.halt();
    await lanes.close();
    await transports.close();
    await outbound.close();
    await lanes.idle();
  });
  return {
    ...{ accept, queue, apps: registry, storedApps: stored, lanes, transports, outbound, auth, hook },
    ...{ stats, tasks, metrics, history, tracing },
    sectionOf,
    ...forgetting({ hook, queue, receipts, history, sinks: Object.keys(config.hub.sinks) }),
    busyWorkers: () => lanes.busy(),
    snapshot: () => relaySnapshot({ stats, tasks, metrics, lanes }),
    stopWaiting,
    drain: (ms) => drainRelay({ lanes, hook }, ms),
  };
}

interface Forgetful extends Pick<Relay, 'hook' | 'queue' | 'history'> {
  readonly receipts: ReturnType<typeof openReceipts>;
  /** Names of `hub.sinks`. */
  readonly sinks: readonly string[];
}

const forgetting = ({ hook, queue, receipts, history, sinks }: Forgetful): Pick<Relay, 'forget' | 'forgetEvents'> => ({
  forget(withdrawal, texts) {
    hook.withdraw(withdrawal.app, texts);
    queue.erase?.(withdrawal, texts);
    receipts.erase(withdrawal);
    history?.forget(withdrawal.app, withdrawal.names);
  },
  forgetEvents(texts) {
    for (const sink of sinks.map(sinkQueue)) {
      hook.withdraw(sink, texts, { andComing: false });
      queue.erase?.(withdrawalOf(sink, []), texts);
    }
  },
});
