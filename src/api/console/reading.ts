import type { Family, HistogramSample, Labels, Sample } from '../../observe/metrics/family.ts';

/** Cumulative counts of a histogram, by the bounds of `LATENCY_BOUNDS` and infinity. */
export type Buckets = readonly number[];

/** What is counted of one lane since the start, and how it is now. */
export interface LaneCounts {
  readonly app: string;
  readonly provider: string;
  readonly environment: string;
  delivered: number;
  failed: number;
  retried: number;
  waiting: number;
  deferred: number;
  inFlight: number;
  limit: number;
  sessions: number;
  streams: number;
  breaker: number;
  health: number;
  provided: Buckets;
}

export interface HookReading {
  readonly app: string;
  backlog: number;
  sent: number;
  failed: number;
  dropped: number;
}

/** How often pushes failed, or were put back, for a reason. */
export interface ReasonReading {
  readonly app: string;
  readonly provider: string;
  readonly environment: string;
  readonly category: string;
  readonly reason: string;
  readonly outcome: 'failed' | 'retried';
  readonly count: number;
}

/** The figures of the process, or of all its workers, at one moment. Counters are totals since the start. */
export interface Reading {
  /** UNIX milliseconds. */
  readonly at: number;
  readonly taken: number;
  readonly refused: number;
  readonly delivered: number;
  readonly failed: number;
  readonly retried: number;
  readonly whole: Buckets;
  readonly provided: Buckets;
  readonly queued: Buckets;
  readonly queue: {
    readonly depth: number;
    readonly limit: number;
    readonly oldestAge: number;
    readonly waiting: number;
    readonly deferred: number;
    readonly health: number;
    readonly durable: boolean;
  };
  readonly ready: boolean;
  readonly lanes: readonly LaneCounts[];
  readonly hooks: readonly HookReading[];
  readonly reasons: readonly ReasonReading[];
}

/** Families by name. */
class Exposed {
  readonly #families: ReadonlyMap<string, Family>;

  constructor(families: readonly Family[]) {
    this.#families = new Map(families.map((family) => [family.name, family]));
  }

  samples(name: string): readonly Sample[] {
    const family = this.#families.get(name);
    return family && family.type !== 'histogram' ? family.samples : [];
  }

  histograms(name: string): readonly HistogramSample[] {
    const family = this.#families.get(name);
    return family?.type === 'histogram' ? family.samples : [];
  }

  value(name: string): number {
    return this.samples(name)[0]?.value ?? 0;
  }
}

const keyOf = ({ app, provider, environment }: Labels): string => JSON.stringify([app, provider, environment]);

function emptyLane({ app = '', provider = '', environment = '' }: Labels): LaneCounts {
  const now = { waiting: 0, deferred: 0, inFlight: 0, limit: 0, sessions: 0, streams: 0, breaker: 0, health: 2 };
  return { app, provider, environment, delivered: 0, failed: 0, retried: 0, ...now, provided: [] };
}

const laneGauges = {
  waiting: 'martlet_lane_waiting_pushes',
  deferred: 'martlet_lane_deferred_pushes',
  inFlight: 'martlet_lane_in_flight',
  limit: 'martlet_lane_limit',
  sessions: 'martlet_lane_sessions',
  streams: 'martlet_lane_streams',
  breaker: 'martlet_lane_breaker',
  health: 'martlet_lane_health',
} as const;

const hookValues = {
  backlog: 'martlet_feedback_backlog',
  sent: 'martlet_feedback_sent_total',
  failed: 'martlet_feedback_failed_total',
  dropped: 'martlet_feedback_dropped_total',
} as const;

const namesOf = <T extends object>(table: T): (keyof T)[] => Object.keys(table) as (keyof T)[];

/** Parts of a lane are one line: the worst of their states, the sum of all else. */
const merge = (field: keyof typeof laneGauges, a: number, b: number): number =>
  field === 'breaker' ? Math.max(a, b) : field === 'health' ? Math.min(a, b) : a + b;

/** Only lanes that there are: pushes that no lane takes are counted with the others. */
function lanesOf(exposed: Exposed): Map<string, LaneCounts> {
  const lanes = new Map<string, LaneCounts>();
  for (const field of namesOf(laneGauges)) {
    for (const { labels: of, value } of exposed.samples(laneGauges[field])) {
      const lane = lanes.get(keyOf(of)) ?? emptyLane(of);
      lane[field] = merge(field, lane[field], value);
      lanes.set(keyOf(of), lane);
    }
  }
  return lanes;
}

function hooksOf(exposed: Exposed): HookReading[] {
  const hooks = new Map<string, HookReading>();
  for (const field of namesOf(hookValues)) {
    for (const { labels: of, value } of exposed.samples(hookValues[field])) {
      const { app = '' } = of;
      const hook = hooks.get(app) ?? { app, backlog: 0, sent: 0, failed: 0, dropped: 0 };
      hook[field] = value;
      hooks.set(app, hook);
    }
  }
  return [...hooks.values()];
}

/** The sum of a histogram over all lanes; what is of one lane becomes its own. */
function histogramOf(exposed: Exposed, name: string, lanes?: ReadonlyMap<string, LaneCounts>): number[] {
  const sum: number[] = [];
  for (const { labels, counts } of exposed.histograms(name)) {
    counts.forEach((count, bucket) => {
      sum[bucket] = (sum[bucket] ?? 0) + count;
    });
    const lane = lanes?.get(keyOf(labels));
    if (lane) lane.provided = counts;
  }
  return sum;
}

function reasonsOf(exposed: Exposed): ReasonReading[] {
  const reason = ({ app = '', provider = '', environment = '', category = '', reason = '' }: Labels) => ({
    app,
    provider,
    environment,
    category,
    reason,
  });
  const failed = exposed
    .samples('martlet_pushes_total')
    .filter(({ labels }) => labels.outcome === 'failed')
    .map(({ labels, value }) => ({ ...reason(labels), outcome: 'failed' as const, count: value }));
  const retried = exposed.samples('martlet_retries_total').map(({ labels, value }) => ({
    ...reason(labels),
    outcome: 'retried' as const,
    count: value,
  }));
  return [...failed, ...retried];
}

function countPushes(exposed: Exposed, lanes: ReadonlyMap<string, LaneCounts>, reasons: readonly ReasonReading[]) {
  const total = { delivered: 0, failed: 0, retried: 0 };
  const add = (field: keyof typeof total, of: Labels, value: number): void => {
    total[field] += value;
    const lane = lanes.get(keyOf(of));
    if (lane) lane[field] += value;
  };
  for (const { labels: of, value } of exposed.samples('martlet_pushes_total'))
    if (of.outcome === 'accepted') add('delivered', of, value);
  for (const { outcome, count, app, provider, environment } of reasons)
    add(outcome, { app, provider, environment }, count);
  return total;
}

/** What the series of /metrics say, in the shape that the console needs. @param at UNIX milliseconds */
export function readingOf(families: readonly Family[], at: number): Reading {
  const exposed = new Exposed(families);
  const lanes = lanesOf(exposed);
  const reasons = reasonsOf(exposed);
  return {
    at,
    taken: exposed.value('martlet_queue_pushes_total'),
    refused: exposed.value('martlet_queue_refused_total'),
    ...countPushes(exposed, lanes, reasons),
    whole: histogramOf(exposed, 'martlet_push_duration_seconds'),
    provided: histogramOf(exposed, 'martlet_provider_duration_seconds', lanes),
    queued: histogramOf(exposed, 'martlet_queue_wait_seconds'),
    queue: {
      depth: exposed.value('martlet_queue_depth'),
      limit: exposed.value('martlet_queue_limit'),
      oldestAge: exposed.value('martlet_queue_oldest_age_seconds'),
      waiting: exposed.value('martlet_queue_waiting_pushes'),
      deferred: exposed.value('martlet_queue_deferred_pushes'),
      health: exposed.value('martlet_queue_health'),
      durable: exposed.value('martlet_queue_durable') === 1,
    },
    ready: exposed.value('martlet_ready') === 1,
    lanes: [...lanes.values()],
    hooks: hooksOf(exposed),
    reasons,
  };
}
