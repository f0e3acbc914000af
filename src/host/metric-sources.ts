import type { App } from '../apps/app.ts';
import type { AppLane } from '../apps/lanes/app-in-use.ts';
import type { Auth } from '../auth/auth.ts';
import type { Config } from '../config/schema.ts';
import type { FeedbackHook } from '../feedback/hook.ts';
import type { CredentialExpiry } from '../observe/log/expiry-warnings.ts';
import type { LaneReading, MetricSources, QueueReading } from '../observe/metrics/metrics.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { QueueWithReports } from '../queue/create-queue.ts';

/** The parts of a relay that a scrape looks at. */
export interface MeasuredParts {
  readonly queue: QueueWithReports;
  readonly lanes: Iterable<AppLane>;
  readonly apps: Iterable<Pick<App, 'name' | 'expiries'>>;
  readonly stats: MetricSources['stats'];
  readonly tasks: MetricSources['tasks'];
  readonly hook: Pick<FeedbackHook, 'byApp'>;
  readonly auth: Pick<Auth, 'failures'> | undefined;
  busyWorkers(): number;
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
  };
}

const laneReadings = ({ lanes, queue }: MeasuredParts): LaneReading[] =>
  [...lanes].map(({ app, provider, environment, lane, transport }) => ({
    app,
    provider,
    environment,
    lane: lane.status(),
    transport: transport.status(),
    depth: queue.depth(lane.id),
  }));

/** Of the default app as its lanes tell, of the others whether or not they are in use. */
export const credentialExpiries = ({ lanes, apps }: Pick<MeasuredParts, 'lanes' | 'apps'>): CredentialExpiry[] => [
  ...[...lanes].flatMap(({ app, provider, environment, transport }) => {
    const { credentialExpiresAt: expiresAt } = transport.status();
    const isOne = app === DEFAULT_APP && environment === 'production';
    return expiresAt === undefined || !isOne ? [] : [{ app, provider, expiresAt }];
  }),
  ...[...apps].flatMap(({ name: app, expiries }) => expiries.map((end) => ({ app, ...end }))),
];

const NO_FAILURES: ReadonlyMap<string, number> = new Map();

/** What a scrape looks at. */
export function metricSources(parts: MeasuredParts, config: Pick<Config, 'core' | 'queue'>): MetricSources {
  return {
    stats: parts.stats,
    tasks: parts.tasks,
    busyWorkers: () => parts.busyWorkers(),
    queue: () => queueReading(parts.queue, config),
    lanes: () => laneReadings(parts),
    feedback: () => parts.hook.byApp(),
    authFailures: () => parts.auth?.failures() ?? NO_FAILURES,
    credentialExpiries: () => credentialExpiries(parts),
  };
}
