import { toSeconds } from '../../kit/seconds.ts';
import type { Family } from './family.ts';
import { Histogram } from './histogram.ts';
import { watchNode } from './node-series.ts';
import { processSeries } from './process-series.ts';

/** The series of the process and of Node, and how late the event loop is. */
export interface RuntimeMetrics {
  families(): Family[];
  /** One observation a second: the longest delay in that second. */
  readonly eventLoopDelay: Histogram;
  close(): void;
}

/** Seconds. A turn of 10 ms is nothing, one of a second fails health checks. */
const DELAY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const TICK_MS = 20;
const WINDOW_MS = 1000;

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

export function createRuntimeMetrics(): RuntimeMetrics {
  const node = watchNode();
  const eventLoopDelay = new Histogram(DELAY_BOUNDS);
  const unwatch = watchEventLoop(eventLoopDelay);
  return {
    eventLoopDelay,
    families: () => [...processSeries(), ...node.series()],
    close() {
      unwatch();
      node.close();
    },
  };
}
