import { toSeconds } from '../../kit/seconds.ts';
import type { Environment, Provider, RelayEvents, TransportStatus } from '../../push/push.ts';
import type { QueueDepth } from '../../queue/queue.ts';
import type { CredentialExpiry } from '../log/expiry-warnings.ts';
import type { StatCounts, StatStore } from '../stats/stats.ts';
import type { TaskCounts } from '../stats/task-counts.ts';
import { type Exposition, expose } from './exposition.ts';
import { type Family, type Labels, type Merge, NO_LABELS, type Sample } from './family.ts';
import { type HubReading, setHub } from './hub-series.ts';
import { type MetricName, metricTable, relayTable } from './metric-table.ts';
import { type PushCell, PushCounts } from './push-counts.ts';
import { createRuntimeMetrics, type RuntimeMetrics } from './runtime-metrics.ts';
import { Sheet } from './sheet.ts';

/** What a scrape reads of a lane. */
export interface LaneFigures {
  /** Pushes under way, and the most that may be. */
  readonly inFlight: number;
  readonly limit: number;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** How often, and for how many milliseconds together, pushes waited for the rate limit. */
  readonly rateLimitWaits: number;
  readonly rateLimitWaitMs: number;
}

/** A lane and its transport at this moment. */
export interface LaneReading {
  readonly app: string;
  readonly provider: Provider;
  readonly environment: Environment;
  /** Of the place that it sends to, where a provider has several; from a closed set. */
  readonly partition?: string | undefined;
  readonly lane: LaneFigures;
  readonly transport: TransportStatus;
  readonly depth: Pick<QueueDepth, 'waiting' | 'deferred'>;
}

export interface QueueReading {
  readonly depth: QueueDepth;
  /** Notifications. */
  readonly limit: number;
  /** Milliseconds. */
  readonly oldestAge: number;
  readonly health: 'pass' | 'warn' | 'fail';
  /** Whether accepted pushes survive the process. */
  readonly durable: boolean;
  /** Notifications that instances ended, or went silent, with. */
  readonly takenOver: number;
}

export interface FeedbackReading {
  readonly app: string;
  readonly backlog: number;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
}

/** The sources of figures that are read at each scrape. */
export interface MetricSources {
  readonly stats: Pick<StatStore, 'read' | 'shared'>;
  readonly tasks: { read(): TaskCounts };
  /** Batches being sent. */
  readonly busyWorkers: () => number;
  readonly queue: () => QueueReading;
  readonly lanes: () => readonly LaneReading[];
  readonly feedback: () => readonly FeedbackReading[];
  readonly credentialExpiries: () => readonly CredentialExpiry[];
  /** Requests that were not let in, by reason. Default: none. */
  readonly authFailures?: () => ReadonlyMap<string, number>;
}

export interface MetricsOptions extends MetricSources {
  /** Martlet's version. */
  readonly version: string;
  readonly sandbox: boolean;
  /** Reasons that are labels. */
  readonly reasonWords: ReadonlySet<string>;
  /** The series of the process; closed with the metrics. */
  readonly runtime?: RuntimeMetrics;
}

export interface Metrics {
  readonly events: RelayEvents;
  /** Who says what /readyz says; until then `martlet_ready` has no value. */
  watchReadiness(isReady: () => boolean): void;
  /** The hub is on: from now on it has its series. @param read asked at each scrape */
  watchHub(read: () => Promise<HubReading>): void;
  /** All series, for a sum over several processes. */
  snapshot(): Promise<Family[]>;
  /** The answer of GET /metrics. @param accept the request's Accept header */
  render(accept?: string): Promise<Exposition>;
  close(): void;
}

/** What the stat engine keeps. Where several workers read one store, none of their readings is a part. */
const STORED = /^gorush_(total_push_count|(ios|android|huawei)_)/;

function setGorush(sheet: Sheet, counts: StatCounts, tasks: TaskCounts, busyWorkers: number): void {
  sheet.set('gorush_total_push_count', counts.total_count);
  sheet.set('gorush_ios_success', counts.ios_success);
  sheet.set('gorush_ios_error', counts.ios_error);
  sheet.set('gorush_android_success', counts.android_success);
  sheet.set('gorush_android_fail', counts.android_error);
  sheet.set('gorush_huawei_success', counts.huawei_success);
  sheet.set('gorush_huawei_fail', counts.huawei_error);
  sheet.set('gorush_busy_workers', busyWorkers);
  sheet.set('gorush_success_tasks', tasks.success_tasks);
  sheet.set('gorush_failure_tasks', tasks.failure_tasks);
  sheet.set('gorush_submitted_tasks', tasks.submitted_tasks);
}

const sampleOf = (labels: Labels, value: number): Sample => ({ labels, value });

const failureSamples = (
  labels: Labels,
  failures: PushCell['failed'],
  outcome: { readonly outcome?: 'failed' },
): Sample[] =>
  [...failures].flatMap(([category, reasons]) =>
    [...reasons].map(([reason, value]) => sampleOf({ ...labels, ...outcome, category, reason }, value)),
  );

/** Pushes that did not fail have no category and no reason. */
const good = (labels: Labels, outcome: string, value: number): Sample[] =>
  value === 0 ? [] : [sampleOf({ ...labels, outcome, category: '', reason: '' }, value)];

function setPushes(sheet: Sheet, counts: PushCounts): void {
  for (const { labels, accepted, failed, retried, late } of counts.cells()) {
    sheet.add('martlet_pushes_total', good(labels, 'accepted', accepted));
    sheet.add('martlet_pushes_total', failureSamples(labels, failed, { outcome: 'failed' }));
    sheet.add('martlet_retries_total', failureSamples(labels, retried, {}));
    sheet.add('martlet_late_outcomes_total', good(labels, 'delivered', late.delivered));
    sheet.add('martlet_late_outcomes_total', good(labels, 'unknown', late.unknown));
    sheet.add('martlet_late_outcomes_total', failureSamples(labels, late.failed, { outcome: 'failed' }));
  }
  for (const { labels, whole, provided, queued } of counts.latencies()) {
    sheet.observe('martlet_push_duration_seconds', whole, labels);
    sheet.observe('martlet_provider_duration_seconds', provided, labels);
    sheet.observe('martlet_queue_wait_seconds', queued, labels);
  }
}

const HEALTH = { pass: 2, warn: 1, fail: 0 };
const BREAKER = { closed: 0, 'half-open': 1, open: 2 };

/** What came to the queue: pushes that it took, notifications that it refused. */
interface Intake {
  taken: number;
  refused: number;
}

function setQueue(sheet: Sheet, reading: QueueReading, intake: Intake): void {
  const { depth, limit, oldestAge, health, durable, takenOver } = reading;
  sheet.set('martlet_queue_depth', depth.notifications);
  sheet.set('martlet_queue_limit', limit);
  sheet.set('martlet_queue_oldest_age_seconds', toSeconds(oldestAge));
  sheet.set('martlet_queue_waiting_pushes', depth.waiting);
  sheet.set('martlet_queue_deferred_pushes', depth.deferred);
  sheet.set('martlet_queue_pushes_total', intake.taken);
  sheet.set('martlet_queue_refused_total', intake.refused);
  sheet.set('martlet_queue_health', HEALTH[health]);
  sheet.set('martlet_queue_durable', durable ? 1 : 0);
  sheet.set('martlet_queue_taken_over_total', takenOver);
}

function setLane(sheet: Sheet, labels: readonly string[], { lane, transport, depth }: LaneReading): void {
  const put = (name: MetricName, value: number): void => sheet.set(name, value, labels);
  put('martlet_lane_limit', lane.limit);
  put('martlet_lane_in_flight', lane.inFlight);
  put('martlet_lane_waiting_pushes', depth.waiting);
  put('martlet_lane_deferred_pushes', depth.deferred);
  put('martlet_lane_breaker', BREAKER[lane.breaker]);
  put('martlet_lane_health', HEALTH[transport.status]);
  put('martlet_lane_sessions', transport.sessions);
  put('martlet_lane_streams', transport.capacity);
  put('martlet_lane_rate_limit_waits_total', lane.rateLimitWaits);
  put('martlet_lane_rate_limit_wait_seconds_total', toSeconds(lane.rateLimitWaitMs));
  const { connections } = transport;
  if (!connections) return;
  put('martlet_lane_connects_total', connections.connects);
  put('martlet_lane_connect_failures_total', connections.connectFailures);
  put('martlet_lane_goaways_total', connections.goaways);
  put('martlet_lane_pings_total', connections.pings);
}

function setFeedback(sheet: Sheet, app: string, { backlog, sent, failed, dropped }: FeedbackReading): void {
  sheet.set('martlet_feedback_backlog', backlog, [app]);
  sheet.set('martlet_feedback_sent_total', sent, [app]);
  sheet.set('martlet_feedback_failed_total', failed, [app]);
  sheet.set('martlet_feedback_dropped_total', dropped, [app]);
}

/** The series of docs/metrics.md. Events are counted as they come, everything else is looked at when scraped. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { runtime = createRuntimeMetrics() } = options;
  const counts = new PushCounts(options.reasonWords);
  const intake: Intake = { taken: 0, refused: 0 };
  let isReady: (() => boolean) | undefined;
  let readHub: (() => Promise<HubReading>) | undefined;
  const merges = (name: string): Merge | undefined => (options.stats.shared && STORED.test(name) ? 'max' : undefined);

  const families = async (): Promise<Family[]> => {
    const stats = await options.stats.read();
    const sheet = new Sheet(readHub ? metricTable : relayTable, merges);
    setGorush(sheet, stats, options.tasks.read(), options.busyWorkers());
    setPushes(sheet, counts);
    setQueue(sheet, options.queue(), intake);
    for (const reading of options.lanes()) {
      const { app, provider, environment, partition } = reading;
      const part = partition === undefined ? [] : [partition];
      setLane(sheet, [counts.appLabel(app), provider, environment, ...part], reading);
    }
    for (const reading of options.feedback()) setFeedback(sheet, counts.appLabel(reading.app), reading);
    for (const { app, provider, expiresAt } of options.credentialExpiries()) {
      sheet.set('martlet_credential_expiry_seconds', toSeconds(expiresAt), [counts.appLabel(app), provider]);
    }
    for (const [reason, count] of options.authFailures?.() ?? [])
      sheet.set('martlet_auth_failures_total', count, [reason]);
    if (isReady) sheet.set('martlet_ready', isReady() ? 1 : 0);
    if (readHub) setHub(sheet, await readHub());
    sheet.observe('martlet_event_loop_delay_seconds', runtime.eventLoopDelay, NO_LABELS);
    sheet.set('martlet_sandbox', options.sandbox ? 1 : 0);
    sheet.set('martlet_build_info', 1, [options.version, process.version]);
    return [...sheet.families(), ...runtime.families()];
  };

  return {
    events: {
      ...counts.events,
      accepted: ({ targets }) => {
        intake.taken += targets;
      },
      refused: ({ notifications }) => {
        intake.refused += notifications;
      },
    },
    watchReadiness(source) {
      isReady = source;
    },
    watchHub(read) {
      readHub = read;
    },
    snapshot: families,
    render: async (accept) => expose(await families(), accept),
    close: () => runtime.close(),
  };
}
