import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { toSeconds } from '../../kit/seconds.ts';
import type { Family, Sample } from './family.ts';
import { Histogram } from './histogram.ts';
import { gauge, one } from './process-series.ts';

/** Seconds: a minor collection takes a millisecond or two, a major one of a large heap tenths. */
const GC_BOUNDS = [0.001, 0.01, 0.1, 1, 2, 5];

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** How many there are of each name. */
function counted(label: string, names: readonly string[]): Sample[] {
  return [...Map.groupBy(names, (name) => name)].map(([name, { length }]) => ({
    labels: { [label]: name },
    value: length,
  }));
}

/** Names of classes; Node has no public function for these, and may drop this one. */
function classesOf(list: '_getActiveHandles' | '_getActiveRequests'): string[] {
  const read = (process as unknown as { readonly [name in typeof list]?: () => readonly object[] })[list];
  return read?.call(process).map((each) => each.constructor.name) ?? [];
}

const active = (): Family[] => [
  gauge(
    'nodejs_active_resources',
    'What keeps the event loop alive.',
    counted('type', process.getActiveResourcesInfo()),
  ),
  gauge('nodejs_active_handles', 'Handles of libuv, by class.', counted('type', classesOf('_getActiveHandles'))),
  gauge('nodejs_active_requests', 'Requests of libuv, by class.', counted('type', classesOf('_getActiveRequests'))),
];

function heap(): Family[] {
  // Not `process.memoryUsage`, which needs a file descriptor.
  const { total_heap_size: total, used_heap_size: used, external_memory: external } = getHeapStatistics();
  const spaces = getHeapSpaceStatistics();
  const bySpace = (read: (space: (typeof spaces)[number]) => number): Sample[] =>
    spaces.map((space) => ({
      labels: { space: space.space_name.replace(/_space$/, '') },
      value: read(space),
    }));
  return [
    gauge('nodejs_heap_size_total_bytes', 'Heap of JavaScript.', one(total)),
    gauge('nodejs_heap_size_used_bytes', 'Heap of JavaScript in use.', one(used)),
    gauge('nodejs_external_memory_bytes', 'Memory outside the heap that objects in it own.', one(external)),
    gauge(
      'nodejs_heap_space_size_total_bytes',
      'Heap by space.',
      bySpace(({ space_size }) => space_size),
    ),
    gauge(
      'nodejs_heap_space_size_used_bytes',
      'Heap in use by space.',
      bySpace((space) => space.space_used_size),
    ),
    gauge(
      'nodejs_heap_space_size_available_bytes',
      'Free heap by space.',
      bySpace((space) => space.space_available_size),
    ),
  ];
}

function version(): Family {
  const [major = '', minor = '', patch = ''] = process.versions.node.split('.');
  const labels = { version: process.version, major, minor, patch };
  return gauge('nodejs_version_info', 'Version of Node.js.', [{ labels, value: 1 }], 'first');
}

/** The series of Node, under the names that prom-client gave them. Collections of garbage count from here on. */
export function watchNode(): { series(): Family[]; close(): void } {
  const collections = new Map<string, Histogram>();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as PerformanceEntry & { readonly detail: { readonly kind: number } };
      const kind = GC_KINDS[detail.kind] ?? 'other';
      const histogram = collections.get(kind) ?? new Histogram(GC_BOUNDS);
      collections.set(kind, histogram);
      histogram.observe(toSeconds(duration), 1);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const collected = (): Family => ({
    name: 'nodejs_gc_duration_seconds',
    type: 'histogram',
    help: 'How long collections of garbage took, by kind.',
    merge: 'sum',
    bounds: GC_BOUNDS,
    samples: [...collections].map(([kind, histogram]) => histogram.sample({ kind })),
  });
  return {
    series: () => [...active(), ...heap(), version(), collected()],
    close: () => observer.disconnect(),
  };
}
