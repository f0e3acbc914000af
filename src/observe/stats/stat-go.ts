import { availableParallelism, cpus } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { residentMemory } from '../metrics/resident-memory.ts';

/** Go keeps the last 256 pauses; so do we. */
const PAUSES_KEPT = 256;
const NS_PER_MS = 1_000_000n;

// TypeScript's own library does not know it yet.
const { rawJSON } = JSON as unknown as { rawJSON(digits: string): object };

/** UNIX nanoseconds as a JSON number. Odd, which is below the clock's precision: never by chance a number that a double holds. */
const nanoseconds = (ms: number) =>
  rawJSON(String((BigInt(Math.floor(ms)) * NS_PER_MS + BigInt(Math.floor((ms % 1) * 1e6))) | 1n));

interface Pauses {
  count: number;
  totalMs: number;
  /** UNIX milliseconds. */
  lastAt: number;
  /** Since the last look, the latest first. */
  recent: number[];
}

/** What V8 knows of its heap, under Go's names. Figures that V8 does not keep are 0. */
function memoryFigures() {
  const heap = getHeapStatistics();
  const used = getHeapSpaceStatistics().filter((space) => space.space_used_size > 0);
  return {
    memory_alloc: heap.used_heap_size + heap.external_memory,
    memory_total_alloc: heap.total_allocated_bytes ?? heap.used_heap_size + heap.external_memory,
    memory_sys: residentMemory() ?? heap.total_physical_size,
    memory_lookups: 0,
    memory_mallocs: 0,
    memory_frees: 0,
    memory_stack: 0,
    heap_alloc: heap.used_heap_size,
    heap_sys: heap.total_heap_size,
    heap_idle: Math.max(0, heap.total_heap_size - heap.total_physical_size),
    heap_inuse: heap.total_physical_size,
    heap_released: 0,
    heap_objects: used.length,
    gc_next: heap.heap_size_limit,
  };
}

/**
 * The body of GET /api/stat/go: the keys of github.com/fukata/golang-stats-api-handler with Node's figures. `gc_pause`
 * (milliseconds) holds the pauses since the last call and is never empty; the rates cover the same time.
 * `close` stops watching the garbage collector.
 */
export function createStatGo(now: () => number = () => performance.timeOrigin + performance.now()) {
  const pauses: Pauses = { count: 0, totalMs: 0, lastAt: now(), recent: [] };
  const observer = new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) {
      pauses.count++;
      pauses.totalMs += duration;
      pauses.lastAt = performance.timeOrigin + startTime + duration;
      pauses.recent.unshift(duration);
    }
    pauses.recent.length = Math.min(pauses.recent.length, PAUSES_KEPT);
  });
  observer.observe({ entryTypes: ['gc'] });
  let last = { at: now(), count: 0, totalMs: 0 };

  const read = () => {
    const at = now();
    const seconds = Math.max((at - last.at) / 1000, 0.001);
    const body = {
      time: nanoseconds(at),
      go_version: process.version,
      go_os: process.platform,
      go_arch: process.arch,
      cpu_num: cpus().length,
      goroutine_num: Math.max(1, process.getActiveResourcesInfo().length),
      gomaxprocs: availableParallelism(),
      cgo_call_num: 0,
      ...memoryFigures(),
      gc_last: nanoseconds(pauses.lastAt),
      gc_num: pauses.count,
      gc_per_second: (pauses.count - last.count) / seconds,
      gc_pause_per_second: (pauses.totalMs - last.totalMs) / seconds,
      gc_pause: pauses.recent.length > 0 ? pauses.recent : [0],
    };
    last = { at, count: pauses.count, totalMs: pauses.totalMs };
    pauses.recent = [];
    return body;
  };
  return { read, close: () => observer.disconnect() };
}
