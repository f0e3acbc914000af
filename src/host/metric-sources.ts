import { DEFAULT_APP } from '../apps/app.ts';
import type { Config } from '../config/schema.ts';
import type { LaneReading, MetricSources, QueueReading } from '../observe/metrics/metrics.ts';
import type { QueueWithReports } from '../queue/create-queue.ts';
import type { CredentialExpiry } from './expiry-warnings.ts';
import type { RelayHost } from './relay-host.ts';

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
  };
}

const laneReadings = ({ lanes, queue }: RelayHost): LaneReading[] =>
  [...lanes].map(({ app, provider, environment, lane, transport }) => ({
    app,
    provider,
    environment,
    lane: lane.status(),
    transport: transport.status(),
    depth: queue.depth(lane.name),
  }));

/** Of the default app as its lanes tell, of the others whether or not they are in use. */
export const credentialExpiries = ({ lanes, apps }: RelayHost): CredentialExpiry[] => [
  ...[...lanes].flatMap(({ app, provider, environment, transport }) => {
    const { credentialExpiresAt: expiresAt } = transport.status();
    const isOne = app === DEFAULT_APP && environment === 'production';
    return expiresAt === undefined || !isOne ? [] : [{ app, provider, expiresAt }];
  }),
  ...[...apps].flatMap(({ name: app, expiresAt }) =>
    expiresAt === undefined ? [] : [{ app, provider: 'apns', expiresAt }],
  ),
];

const NO_FAILURES: ReadonlyMap<string, number> = new Map();

/** What a scrape looks at, of a host that may still be under construction when this is called. */
export function metricSources(host: RelayHost, config: Pick<Config, 'core' | 'queue'>): MetricSources {
  return {
    stats: host.stats,
    tasks: host.tasks,
    busyWorkers: () => host.busyWorkers(),
    queue: () => queueReading(host.queue, config),
    lanes: () => laneReadings(host),
    feedback: () => host.hook.byApp(),
    authFailures: () => host.auth?.failures() ?? NO_FAILURES,
    credentialExpiries: () => credentialExpiries(host),
  };
}
