import { Histogram } from '../../../src/observe/metrics/histogram.ts';
import {
  createMetrics,
  type LaneReading,
  type Metrics,
  type MetricsOptions,
} from '../../../src/observe/metrics/metrics.ts';
import { reasonWords } from '../../../src/observe/metrics/reason-words.ts';
import { createMemoryStats } from '../../../src/observe/stats/memory-stats.ts';
import { builtIn } from '../../../src/providers/registry.ts';

const noRuntime = () => ({ families: () => [], eventLoopDelay: new Histogram(), close() {} });

/** Metrics of a relay that does nothing, but for what is given. */
export const quietMetrics = (more: Partial<MetricsOptions> = {}): Metrics =>
  createMetrics({
    version: '1.2.3',
    sandbox: false,
    reasonWords: reasonWords(builtIn),
    stats: createMemoryStats(),
    tasks: { read: () => ({ submitted_tasks: 0, success_tasks: 0, failure_tasks: 0 }) },
    busyWorkers: () => 0,
    queue: () => ({
      depth: { notifications: 0, waiting: 0, deferred: 0 },
      limit: 8192,
      oldestAge: 0,
      health: 'pass',
      durable: true,
      takenOver: 0,
    }),
    lanes: () => [],
    feedback: () => [],
    credentialExpiries: () => [],
    runtime: noRuntime(),
    ...more,
  });

export const laneReading = (more: Partial<LaneReading> = {}): LaneReading => ({
  app: 'default',
  provider: 'apns',
  environment: 'production',
  lane: {
    inFlight: 0,
    limit: 256,
    breaker: 'closed',
    rateLimitWaits: 0,
    rateLimitWaitMs: 0,
  },
  transport: { status: 'pass', sessions: 1, inFlight: 0, capacity: 1000 },
  depth: { waiting: 0, deferred: 0 },
  ...more,
});

/** The lines of an exposition that begin with `name`. */
export const linesOf = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(name));
