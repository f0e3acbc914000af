import { Counter, collectDefaultMetrics, Gauge, type MetricObject, Registry } from 'prom-client';
import { type MetricName, metricTable } from './metric-table.ts';
import type { Outcome, RelayEvents } from './push.ts';
import type { LaneStatus } from './queue/lane.ts';
import type { StatCounts, StatStore } from './stats/stats.ts';
import type { TaskCounts } from './stats/task-counts.ts';

/** Where the figures come from that are looked at when somebody scrapes. */
export interface MetricSources {
  readonly stats: Pick<StatStore, 'read' | 'shared'>;
  readonly tasks: { read(): TaskCounts };
  /** Batches being sent. */
  readonly busyWorkers: () => number;
  /** Notifications not wholly settled. */
  readonly queueDepth: () => number;
  readonly queueHealth: () => 'pass' | 'warn' | 'fail';
  readonly lanes: () => readonly LaneStatus[];
  readonly feedback?: { stats(): { backlog: number; failed: number; dropped: number } } | undefined;
}

export interface MetricsOptions extends MetricSources {
  /** Martlet's version. */
  readonly version: string;
  readonly sandbox: boolean;
  /** Default: a new one with the series of the process and of the event loop. */
  readonly registry?: Registry;
}

export interface Metrics {
  readonly events: RelayEvents;
  readonly registry: Registry;
  /** All series as prom-client's JSON, for a sum over several processes. */
  snapshot(): Promise<MetricObject[]>;
  /** The answer of GET /metrics. */
  render(): Promise<{ readonly type: string; readonly text: string }>;
}

/** Counts in a plain map; labels are only made when somebody scrapes. */
type Tally = Map<string, number>;

const add = (tally: Tally, key: string, count: number): void => void tally.set(key, (tally.get(key) ?? 0) + count);

/** Adds a batch's outcomes: one pass, then one addition for each set of labels. */
function tallyPushes(pushes: Tally, provider: string, environment: string, outcomes: readonly Outcome[]): void {
  let accepted = 0;
  let failures: Map<string, number> | undefined;
  for (const outcome of outcomes) {
    if (outcome.kind === 'accepted') accepted++;
    else {
      failures ??= new Map();
      add(failures, outcome.category, 1);
    }
  }
  if (accepted > 0) add(pushes, `${provider} ${environment} accepted `, accepted);
  if (failures)
    for (const [category, count] of failures) add(pushes, `${provider} ${environment} failed ${category}`, count);
}

/** How several workers' values make one; the others are added up. */
const AGGREGATORS: Readonly<Record<string, 'first' | 'min' | 'max'>> = {
  martlet_sandbox: 'first',
  martlet_build_info: 'first',
  martlet_queue_health: 'min',
  martlet_lane_breaker: 'max',
};

/** What the stat engine keeps. Where several workers read one store, none of their readings is a part. */
const STORED = /^gorush_(total_push_count|(ios|android|huawei)_)/;

type Series = Record<MetricName, Counter | Gauge>;

function createSeries(registry: Registry, sharedStore: boolean): Series {
  const series = metricTable.map(({ name, type, help, labels }) => {
    const Kind = type === 'counter' ? Counter : Gauge;
    const aggregator = AGGREGATORS[name] ?? (sharedStore && STORED.test(name) ? 'max' : 'sum');
    return [name, new Kind({ name, help, labelNames: [...labels], registers: [registry], aggregator })];
  });
  return Object.fromEntries(series) as Series;
}

/** Sets a counter, too, to a total that is kept elsewhere. */
function setTotal(metric: Counter | Gauge, value: number): void {
  metric.reset();
  metric.inc(value);
}

function setGorush(series: Series, counts: StatCounts, tasks: TaskCounts, busyWorkers: number): void {
  setTotal(series.gorush_total_push_count, counts.total_count);
  setTotal(series.gorush_ios_success, counts.ios_success);
  setTotal(series.gorush_ios_error, counts.ios_error);
  setTotal(series.gorush_android_success, counts.android_success);
  setTotal(series.gorush_android_fail, counts.android_error);
  setTotal(series.gorush_huawei_success, counts.huawei_success);
  setTotal(series.gorush_huawei_fail, counts.huawei_error);
  setTotal(series.gorush_busy_workers, busyWorkers);
  setTotal(series.gorush_success_tasks, tasks.success_tasks);
  setTotal(series.gorush_failure_tasks, tasks.failure_tasks);
  setTotal(series.gorush_submitted_tasks, tasks.submitted_tasks);
}

function setLabelled(metric: Counter | Gauge, labels: readonly string[], tally: Tally): void {
  metric.reset();
  for (const [key, count] of tally) {
    const values = key.split(' ');
    metric.inc(Object.fromEntries(labels.map((label, index) => [label, values[index] as string])), count);
  }
}

const HEALTH = { pass: 2, warn: 1, fail: 0 };
const BREAKER = { closed: 0, 'half-open': 1, open: 2 };

function setLanes(series: Series, lanes: readonly LaneStatus[]): void {
  for (const { name, limit, inFlight, breaker } of lanes) {
    const labels = { lane: name };
    (series.martlet_lane_limit as Gauge).set(labels, limit);
    (series.martlet_lane_in_flight as Gauge).set(labels, inFlight);
    (series.martlet_lane_breaker as Gauge).set(labels, BREAKER[breaker]);
  }
}

function ownRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** The series of docs/metrics.md. Events are counted as they come, everything else is looked at when scraped. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = options.registry ?? ownRegistry();
  const series = createSeries(registry, options.stats.shared);
  const pushes: Tally = new Map();
  const retries: Tally = new Map();
  let refused = 0;
  series.martlet_sandbox.inc(options.sandbox ? 1 : 0);
  series.martlet_build_info.inc({ version: options.version, node: process.version }, 1);

  const events: RelayEvents = {
    settled: ({ provider, environment, outcomes }) => tallyPushes(pushes, provider ?? 'none', environment, outcomes),
    retried: ({ provider, failed, targets }) => add(retries, `${provider} ${failed.category}`, targets.length),
    refused: ({ notifications }) => {
      refused += notifications;
    },
  };

  const refresh = async (): Promise<void> => {
    setGorush(series, await options.stats.read(), options.tasks.read(), options.busyWorkers());
    setLabelled(series.martlet_pushes_total, ['provider', 'environment', 'outcome', 'category'], pushes);
    setLabelled(series.martlet_retries_total, ['provider', 'category'], retries);
    setTotal(series.martlet_queue_depth, options.queueDepth());
    setTotal(series.martlet_queue_refused_total, refused);
    setTotal(series.martlet_queue_health, HEALTH[options.queueHealth()]);
    setLanes(series, options.lanes());
    const hook = options.feedback?.stats() ?? { backlog: 0, failed: 0, dropped: 0 };
    setTotal(series.martlet_feedback_backlog, hook.backlog);
    setTotal(series.martlet_feedback_failed_total, hook.failed);
    setTotal(series.martlet_feedback_dropped_total, hook.dropped);
  };

  return {
    events,
    registry,
    async snapshot() {
      await refresh();
      return (await registry.getMetricsAsJSON()) as unknown as MetricObject[];
    },
    async render() {
      await refresh();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}
