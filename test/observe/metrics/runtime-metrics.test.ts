import { open } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelText } from '../../../src/observe/metrics/family.ts';
import { createRuntimeMetrics, type RuntimeMetrics } from '../../../src/observe/metrics/runtime-metrics.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';

let runtime: RuntimeMetrics;
beforeAll(() => {
  runtime = createRuntimeMetrics();
});
afterAll(() => runtime.close());

const linux = process.platform === 'linux';
/** Seconds observed in all, and of these not above a bound. */
const observed = (bound = Number.POSITIVE_INFINITY): number => {
  const { bounds } = runtime.eventLoopDelay;
  const bucket = bounds.includes(bound) ? bounds.indexOf(bound) : bounds.length;
  return runtime.eventLoopDelay.sample({}).counts[bucket] ?? Number.NaN;
};

/** Where Linux says it. */

test('Node and the process have their usual series, none of them a gauge that is called a total', () => {
  const families = runtime.families();
  expect(families.map(({ name, type, merge }) => `${type} ${name} ${merge}`)).toEqual([
    'counter process_cpu_user_seconds_total sum',
    'counter process_cpu_system_seconds_total sum',
    'counter process_cpu_seconds_total sum',
    'gauge process_start_time_seconds min',
    'gauge process_resident_memory_bytes sum',
    ...(linux ? ['gauge process_virtual_memory_bytes sum', 'gauge process_heap_bytes sum'] : []),
    ...(linux ? ['gauge process_open_fds sum', 'gauge process_max_fds max'] : []),
    'gauge nodejs_active_resources sum',
    'gauge nodejs_active_handles sum',
    'gauge nodejs_active_requests sum',
    'gauge nodejs_heap_size_total_bytes sum',
    'gauge nodejs_heap_size_used_bytes sum',
    'gauge nodejs_external_memory_bytes sum',
    'gauge nodejs_heap_space_size_total_bytes sum',
    'gauge nodejs_heap_space_size_used_bytes sum',
    'gauge nodejs_heap_space_size_available_bytes sum',
    'gauge nodejs_version_info first',
    'histogram nodejs_gc_duration_seconds sum',
  ]);
  for (const { name, type } of families) if (type === 'gauge') expect(name).not.toMatch(/_total$/);
});

const series = (name: string) => runtime.families().find((family) => family.name === name)?.samples ?? [];
const only = (name: string): number => {
  const [first] = series(name);
  return first && 'value' in first ? first.value : Number.NaN;
};

test('what they say is what the system says', async () => {
  const rss = process.memoryUsage.rss();
  expect(Math.abs(only('process_resident_memory_bytes') - rss)).toBeLessThan(rss / 2);
  expect(only('process_start_time_seconds')).toBe(Math.round(performance.timeOrigin / 1000));
  const { user, system } = process.cpuUsage();
  expect(only('process_cpu_seconds_total')).toBeGreaterThanOrEqual((user + system) / 1e6);
  expect(labelText(series('nodejs_version_info')[0]?.labels ?? {})).toMatch(
    /^version="v\d+\.\d+\.\d+",major="\d+",minor="\d+",patch="\d+"$/,
  );
  expect(series('nodejs_heap_space_size_used_bytes').map(({ labels }) => labels.space)).toContain('old');
});

test('open files are counted', needs('linux'), async () => {
  const before = only('process_open_fds');
  const files = await Promise.all(Array.from({ length: 20 }, () => open('/dev/null')));
  // The test runner may open or close one of its own meanwhile.
  expect(only('process_open_fds')).toBeGreaterThan(before + 10);
  await Promise.all(files.map((file) => file.close()));
});

test('a collection of garbage is observed by its kind', async () => {
  const collections = () => {
    const family = runtime.families().find(({ name }) => name === 'nodejs_gc_duration_seconds');
    return family?.type === 'histogram' ? family.samples : [];
  };
  const count = () => collections().reduce((sum, { counts }) => sum + (counts.at(-1) ?? 0), 0);
  const before = count();
  let kept: unknown[] = [];
  await until(() => {
    kept = Array.from({ length: 200_000 }, () => ({}));
    return count() > before;
  });
  expect(kept.length).toBe(200_000);
  expect(collections()[0]?.labels.kind).toMatch(/^(minor|major|incremental|weakcb)$/);
});

test('a blocked event loop shows in the delay of its second', async () => {
  const end = performance.now() + 300;
  await new Promise((resolve) => setImmediate(resolve));
  while (performance.now() < end);
  await until(() => observed() > 0);
  expect(observed() - observed(0.1)).toBeGreaterThan(0);
});
