import type { App } from '../apps/app.ts';
import type { AppLane } from '../apps/lanes/app-in-use.ts';
import type { AppLanes } from '../apps/lanes/app-lanes.ts';
import type { Auth } from '../auth/auth.ts';
import { type ProviderRow, partLabel } from '../carrier/provider-row.ts';
import type { Config } from '../config/schema.ts';
import type { FeedbackHook } from '../feedback/hook.ts';
import { sinkOf } from '../feedback/sink-queue.ts';
import type { CredentialExpiry } from '../observe/log/expiry-warnings.ts';
import {
  createMetrics,
  type LaneReading,
  type MetricSources,
  type Metrics,
  type QueueReading,
} from '../observe/metrics/metrics.ts';
import { reasonWords } from '../observe/metrics/reason-words.ts';
import type { ProviderTable } from '../providers/registry.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { QueueWithReports } from '../queue/create-queue.ts';

/** The parts of a relay that a scrape looks at. */
export interface MeasuredParts {
  readonly lanes: AppLanes;
  readonly apps: Iterable<Pick<App, 'name' | 'expiries'>> & { readonly providers: ProviderTable };
  readonly stats: MetricSources['stats'];
  readonly tasks: MetricSources['tasks'];
  readonly hook: Pick<FeedbackHook, 'byApp'>;
  readonly auth: Pick<Auth, 'failures'> | undefined;
}

function queueReading(
  queue: QueueWithReports,
  { core, queue: { engine } }: Pick<Config, 'core' | 'queue'>,
): QueueReading {
  return {
    depth: queue.depth(),
    limit: core.queue_num,
    oldestAge: queue.oldestAge(),
    health: queue.health().status,
    // A local queue that is a file keeps reports, too; a broker is the file of its queue.
    durable: engine !== 'local' || queue.reports !== undefined,
    takenOver: queue.takenOver?.() ?? 0,
  };
}

const laneReadings = (lanes: AppLanes, providers: ProviderTable): LaneReading[] =>
  [...lanes].map(({ app, provider, environment, lane, transport }) => ({
    app,
    provider,
    environment,
    partition: partLabel(providers.named(provider) as ProviderRow, lane.id.partition),
    lane: lane.status(),
    transport: transport.status(),
    depth: lanes.queue.depth(lane.id),
  }));

/** Of the default app as its lanes tell, of the others whether or not they are in use. */
export const credentialExpiries = ({
  lanes,
  apps,
}: {
  readonly lanes: Iterable<AppLane>;
  readonly apps: Iterable<Pick<App, 'name' | 'expiries'>>;
}): CredentialExpiry[] => [
  ...[...lanes].flatMap(({ app, provider, environment, transport }) => {
    const { credentialExpiresAt: expiresAt } = transport.status();
    const isOne = app === DEFAULT_APP && environment === 'production';
    return expiresAt === undefined || !isOne ? [] : [{ app, provider, expiresAt }];
  }),
  ...[...apps].flatMap(({ name: app, expiries }) => expiries.map((end) => ({ app, ...end }))),
];

const NO_FAILURES: ReadonlyMap<string, number> = new Map();

/** The metrics of a relay: events are counted as they come, everything else is looked at when it is scraped. */
export function openMetrics(
  parts: MeasuredParts,
  { config, version }: { readonly config: Config; readonly version: string },
  closers: AsyncDisposableStack,
): Metrics {
  const metrics = createMetrics({
    version,
    sandbox: config.sandbox.enabled,
    reasonWords: reasonWords(parts.apps.providers),
    stats: parts.stats,
    tasks: parts.tasks,
    busyWorkers: () => parts.lanes.busy(),
    queue: () => queueReading(parts.lanes.queue, config),
    lanes: () => laneReadings(parts.lanes, parts.apps.providers),
    feedback: () => parts.hook.byApp().filter(({ app }) => sinkOf(app) === undefined),
    authFailures: () => parts.auth?.failures() ?? NO_FAILURES,
    credentialExpiries: () => credentialExpiries(parts),
  });
  closers.defer(() => metrics.close());
  return metrics;
}
