import type { AppRegistry } from '../apps/app-registry.ts';
import { appOfStored } from '../apps/choose-app.ts';
import { AppLanes } from '../apps/lanes/app-lanes.ts';
import type { AppsInUse } from '../apps/lanes/apps-in-use.ts';
import type { ProviderEnvironment, ProviderRow } from '../carrier/provider-row.ts';
import { toMs } from '../kit/seconds.ts';
import type { Log } from '../observe/log/log.ts';
import { sectionFor } from '../providers/app-sections.ts';
import type { FullConfig, ProviderTable } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';
import type { TransportBuilder } from '../providers/transports.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { Provider } from '../push/push.ts';
import type { EventHub } from '../push/relay-events.ts';
import type { CreateQueue } from '../queue/create-queue.ts';
import { heapPart } from '../queue/heap-part.ts';
import type { LastingRequests } from '../relay/lasting-requests.ts';
import { Outcomes } from '../relay/outcomes.ts';
import { createRestore } from '../relay/restore.ts';
import type { RetryPolicy } from '../relay/retry-decision.ts';
import { SyncRequests } from '../relay/sync-requests.ts';
import { SyncRoom } from '../relay/sync-room.ts';
import type { OpenApps } from './open-apps.ts';
import { openOutageLines } from './watch/open-outage-lines.ts';

export interface OpenLanesOptions {
  readonly config: FullConfig;
  readonly apps: OpenApps;
  readonly build: TransportBuilder;
  readonly createQueue: CreateQueue;
  readonly events: EventHub;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Variables that providers read by themselves. */
  readonly env?: ProviderEnvironment | undefined;
  readonly lasting?: LastingRequests | undefined;
}

/** What requests go to, and what decides about their outcomes. */
export interface OpenLanes {
  readonly lanes: AppLanes;
  readonly outcomes: Outcomes;
  /** Requests that wait for outcomes. */
  readonly sync: SyncRequests;
}

/** The lanes and their queue. @throws ConfigError when a credential of the default app cannot be used; an error of the queue's */
export function openLanes(options: OpenLanesOptions, closers: AsyncDisposableStack): OpenLanes {
  const { config, apps, events, log, lasting } = options;
  const { registry, inUse } = apps;
  const { sync: store } = apps.stored;
  const room = new SyncRoom({ maxCost: heapPart(), apps: () => registry.size });
  const sync = new SyncRequests(config.log.hide_messages, room);
  const outcomes = new Outcomes({ policyOf: retryPolicies(config, inUse, registry.providers), sync, lasting, events });
  const lines = openOutageLines(
    {
      ...{ providers: registry.providers, env: options.env ?? {}, log },
      sectionOf: (app, row) => inUse.sectionOf(app, row),
    },
    () => lanes,
  );
  events.listen(lines.events);
  closers.defer(() => lines.outages.close());
  const lanes: AppLanes = new AppLanes({
    apps: inUse,
    registry,
    cache: config.apps.cache,
    build: options.build,
    find: store && (() => store.refresh()),
    openQueue: (callbacks) =>
      options.createQueue({
        ...callbacks,
        apps: appCount(config, registry),
        tell: (level, message) => log[level](message),
      }),
    outcomes,
    lasting,
    onTrouble: () => lines.outages.poke(),
    restore: createRestore({
      decoder: registry.providers.decoder,
      appOf: (notification) => appOfStored(registry, notification, store !== undefined),
      outcomes,
      onDamage: (message) => log.error(message),
    }),
    drainMs: longestRequest(config, registry.providers),
    tell: (level, message) => log[level](message),
  });
  closers.defer(() => lanes.queue.close());
  return { lanes, outcomes, sync };
}

/** Apps that the queue is divided among: the default one is one of them where it has a platform. */
function appCount(config: FullConfig, registry: AppRegistry): () => number {
  const hasDefault = Object.values(sectionsOf(config, registry.providers)).some(({ enabled }) => enabled);
  return () => registry.size + (hasDefault && !registry.get(DEFAULT_APP) ? 1 : 0);
}

/** How often an app retries is its own setting; the pauses and the age are the same for all. */
function retryPolicies(
  { queue }: FullConfig,
  apps: AppsInUse,
  providers: ProviderTable,
): (app: string, provider: Provider) => RetryPolicy {
  const common = { firstMs: toMs(queue.backoff), maxMs: toMs(queue.backoff_max), maxAgeMs: toMs(queue.max_age) };
  return (app, provider) => {
    const row = providers.named(provider) as ProviderRow;
    const section = sectionFor(apps.sectionsOf(app), row);
    const { pauses, maxAge } = row.delivery.retries?.(section) ?? {};
    return {
      ...common,
      ...(maxAge === undefined ? {} : { maxAgeMs: toMs(maxAge) }),
      pausesMs: pauses?.map(toMs),
      maxRetry: section.max_retry,
      free: row.delivery.free,
    };
  };
}

/** Milliseconds that a push takes at most from its hand-over to its outcome. */
const longestRequest = (config: FullConfig, providers: ProviderTable): number =>
  toMs(Math.max(...Object.values(sectionsOf(config, providers)).map(({ request_timeout }) => request_timeout)) + 5);
