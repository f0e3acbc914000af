import { toMs, toSeconds } from '../../kit/seconds.ts';
import { LATENCY_BOUNDS } from '../../observe/metrics/histogram.ts';
import type { Buckets, HookReading, LaneCounts, Reading } from './reading.ts';

/** Milliseconds, of what ended in the last seconds; undefined: nothing did. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

export interface LaneFrame {
  readonly app: string;
  readonly provider: string;
  readonly environment: string;
  /** Pushes per second. */
  readonly delivered: number;
  readonly failed: number;
  readonly retried: number;
  readonly waiting: number;
  readonly deferred: number;
  readonly in_flight: number;
  readonly limit: number;
  readonly sessions: number;
  readonly streams: number;
  readonly breaker: 'closed' | 'half-open' | 'open';
  readonly health: 'pass' | 'warn' | 'fail';
  /** False: nothing was ever sent by it. */
  readonly used: boolean;
  readonly latency: Quantiles | undefined;
}

/** The figures of one second. Rates are pushes per second since the frame before; absent in the first one. */
export interface Frame {
  /** UNIX milliseconds. */
  readonly at: number;
  readonly ready: boolean;
  readonly rates:
    | {
        readonly accepted: number;
        readonly delivered: number;
        readonly failed: number;
        readonly retried: number;
        /** Notifications. */
        readonly refused: number;
      }
    | undefined;
  /** From acceptance to outcome, the provider's part of it, and the wait before. */
  readonly latency: {
    readonly push: Quantiles | undefined;
    readonly provider: Quantiles | undefined;
    readonly queue: Quantiles | undefined;
  };
  readonly totals: { readonly accepted: number; readonly delivered: number; readonly failed: number };
  readonly queue: {
    /** Notifications. */
    readonly depth: number;
    readonly limit: number;
    /** Seconds. */
    readonly oldest_age: number;
    /** Pushes. */
    readonly waiting: number;
    readonly deferred: number;
    readonly health: 'pass' | 'warn' | 'fail';
    readonly durable: boolean;
  };
  readonly lanes: readonly LaneFrame[];
  /** Lanes that are not shown. */
  readonly more_lanes: number;
  readonly hooks: readonly HookReading[];
  readonly more_hooks: number;
}

/** Of a busy relay with many apps, those that matter are shown. */
export const MOST_LANES = 100;
export const MOST_HOOKS = 50;

const HEALTH = ['fail', 'warn', 'pass'] as const;
const BREAKER = ['closed', 'half-open', 'open'] as const;

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Linear within a bucket, as Prometheus' histogram_quantile; what is above the last bound counts as the bound. */
function quantile(counts: Buckets, share: number): number {
  const rank = share * (counts.at(-1) as number);
  const place = counts.findIndex((count) => count >= rank);
  const upper = LATENCY_BOUNDS[place];
  if (upper === undefined) return toMs(LATENCY_BOUNDS.at(-1) as number);
  const lower = LATENCY_BOUNDS[place - 1] ?? 0;
  const below = counts[place - 1] ?? 0;
  const inside = (counts[place] as number) - below;
  return rounded(toMs(lower + (upper - lower) * (inside > 0 ? (rank - below) / inside : 1)));
}

/** Of what was observed between two readings of a histogram. */
export function quantilesBetween(before: Buckets | undefined, now: Buckets): Quantiles | undefined {
  const counts = now.map((count, i) => count - (before?.[i] ?? 0));
  if ((counts.at(-1) ?? 0) <= 0) return undefined;
  return { p50: quantile(counts, 0.5), p99: quantile(counts, 0.99) };
}

const keyOf = ({ app, provider, environment }: LaneCounts): string => JSON.stringify([app, provider, environment]);

const byKey = (reading: Reading | undefined): ReadonlyMap<string, LaneCounts> =>
  new Map(reading?.lanes.map((lane) => [keyOf(lane), lane]));

type Rate = (now: number, before: number | undefined) => number;

/** Counters of workers that are gone may be missing for a moment: no rate is negative. */
const rateOver =
  (seconds: number): Rate =>
  (now, before) =>
    before === undefined || seconds <= 0 ? 0 : rounded(Math.max(0, now - before) / seconds);

function laneFrame(
  lane: LaneCounts,
  previous: LaneCounts | undefined,
  rate: Rate,
  latency: Quantiles | undefined,
): LaneFrame {
  const { app, provider, environment, waiting, deferred, inFlight: in_flight, limit, sessions, streams } = lane;
  return {
    ...{ app, provider, environment, waiting, deferred, in_flight, limit, sessions, streams },
    delivered: rate(lane.delivered, previous?.delivered),
    failed: rate(lane.failed, previous?.failed),
    retried: rate(lane.retried, previous?.retried),
    breaker: BREAKER[lane.breaker] ?? 'open',
    health: HEALTH[lane.health] ?? 'fail',
    used: lane.delivered + lane.failed + lane.retried + waiting + deferred + in_flight + sessions > 0,
    latency,
  };
}

const isInTrouble = ({ breaker, health }: LaneFrame): boolean => breaker !== 'closed' || health !== 'pass';
const load = ({ waiting, deferred, in_flight, delivered, failed, retried, used }: LaneFrame): number =>
  waiting + deferred + in_flight + delivered + failed + retried + (used ? 0.001 : 0);
const byName = (a: LaneFrame, b: LaneFrame): number =>
  a.app.localeCompare(b.app) || a.provider.localeCompare(b.provider) || b.environment.localeCompare(a.environment);
const rank = (lane: LaneFrame): number => (isInTrouble(lane) ? 0 : lane.used ? 1 : 2);
const byRank = (a: LaneFrame, b: LaneFrame): number => rank(a) - rank(b);

/** Those in trouble first, idle ones last, and in between an order that does not change from second to second. */
const chosen = (lanes: LaneFrame[]): LaneFrame[] =>
  lanes
    .sort((a, b) => byRank(a, b) || load(b) - load(a))
    .slice(0, MOST_LANES)
    .sort((a, b) => byRank(a, b) || byName(a, b));

/**
 * What is shown of a reading.
 * @param previous the one before, for rates
 * @param oldest the one that latencies are measured since
 */
export function frameOf(now: Reading, previous?: Reading, oldest?: Reading): Frame {
  const rate = rateOver(previous ? toSeconds(now.at - previous.at) : 0);
  const [before, since] = [byKey(previous), byKey(oldest)];
  const lanes = now.lanes.map((lane) => {
    const latency = oldest && quantilesBetween(since.get(keyOf(lane))?.provided, lane.provided);
    return laneFrame(lane, before.get(keyOf(lane)), rate, latency);
  });
  const { oldestAge: oldest_age, health, ...queue } = now.queue;
  const hooks = [...now.hooks].sort((a, b) => b.backlog - a.backlog || a.app.localeCompare(b.app));
  return {
    at: now.at,
    ready: now.ready,
    rates: previous && {
      accepted: rate(now.taken, previous.taken),
      delivered: rate(now.delivered, previous.delivered),
      failed: rate(now.failed, previous.failed),
      retried: rate(now.retried, previous.retried),
      refused: rate(now.refused, previous.refused),
    },
    latency: {
      push: oldest && quantilesBetween(oldest.whole, now.whole),
      provider: oldest && quantilesBetween(oldest.provided, now.provided),
      queue: oldest && quantilesBetween(oldest.queued, now.queued),
    },
    totals: { accepted: now.taken, delivered: now.delivered, failed: now.failed },
    queue: { ...queue, oldest_age: rounded(oldest_age), health: HEALTH[health] ?? 'fail' },
    lanes: chosen(lanes),
    more_lanes: Math.max(0, now.lanes.length - MOST_LANES),
    hooks: hooks.slice(0, MOST_HOOKS),
    more_hooks: Math.max(0, hooks.length - MOST_HOOKS),
  };
}
