import type { Registry } from 'prom-client';
import { background } from '../../kit/background.ts';
import { toSeconds } from '../../kit/seconds.ts';
import { type Family, labelText, type Merge, type Sample } from './family.ts';
import { Histogram } from './histogram.ts';

/** The series of the process and of Node, and how late the event loop is. */
export interface RuntimeMetrics {
  families(): Promise<Family[]>;
  /** One observation a second: the longest delay in that second. */
  readonly eventLoopDelay: Histogram;
  close(): void;
}

/** Seconds. A turn of 10 ms is nothing, one of a second fails health checks. */
const DELAY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const TICK_MS = 20;
const WINDOW_MS = 1000;

/**
 * prom-client's gauges of the event loop begin anew with each scrape, and so tell each of two scrapers half; ours is a histogram.
 * Its gauges that are called `_total` are no counters, and there is a second one of each with a better name.
 */
const LEFT_OUT = /^nodejs_eventloop_lag_|^nodejs_active_\w+_total$/;

const MERGES: Readonly<Record<string, Merge>> = {
  process_start_time_seconds: 'min',
  nodejs_version_info: 'first',
  process_max_fds: 'max',
};

/** A metric of prom-client as it gives it. */
interface Collected {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number | undefined>>;
    readonly metricName?: string;
  }[];
}

function familyOf({ name, help, type, values }: Collected): Family {
  const samples = values.map(({ value, labels, metricName = name }): Sample => {
    const names = Object.keys(labels).filter((label) => labels[label] !== undefined);
    return {
      suffix: metricName.slice(name.length),
      labels: labelText(
        names,
        names.map((label) => String(labels[label])),
      ),
      value,
    };
  });
  const kind = type === 'counter' || type === 'histogram' ? type : 'gauge';
  return { name, type: kind, help, merge: MERGES[name] ?? 'sum', samples };
}

/**
 * Measures how late a timer is. Not perf_hooks.monitorEventLoopDelay: it takes no note of a turn that begins just after a reset,
 * and its figures hold its own interval. @returns how to stop
 */
function watchEventLoop(delays: Histogram): () => void {
  let last = performance.now();
  let windowEnd = last + WINDOW_MS;
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - TICK_MS);
    last = now;
    if (now < windowEnd) return;
    delays.observe(toSeconds(longest), 1);
    longest = 0;
    windowEnd = now + WINDOW_MS;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** After the first pushes of a process that has just started: the library takes a sixth of the time in which a relay starts. */
const LOAD_AFTER_MS = 1000;

async function defaultMetrics(): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

export function createRuntimeMetrics(): RuntimeMetrics {
  let loading: Promise<Registry> | undefined;
  const load = (): Promise<Registry> =>
    (loading ??= defaultMetrics().catch((error) => {
      loading = undefined;
      throw error;
    }));
  // A scrape tries again, and tells why not.
  const timer = setTimeout(() => background(load(), () => {}), LOAD_AFTER_MS);
  timer.unref();
  const eventLoopDelay = new Histogram(DELAY_BOUNDS);
  const unwatch = watchEventLoop(eventLoopDelay);
  return {
    eventLoopDelay,
    async families() {
      const registry = await load();
      const collected = (await registry.getMetricsAsJSON()) as unknown as Collected[];
      return collected.filter(({ name }) => !LEFT_OUT.test(name)).map(familyOf);
    },
    close() {
      unwatch();
      clearTimeout(timer);
      background(
        loading?.then((registry) => registry.clear()),
        () => {},
      );
    },
  };
}
