import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRuntimeMetrics, type RuntimeMetrics } from '../../../src/observe/metrics/runtime-metrics.ts';
import { until } from '../../support/until.ts';

let runtime: RuntimeMetrics;
beforeAll(() => {
  runtime = createRuntimeMetrics();
});
afterAll(() => runtime.close());

const observed = () => runtime.eventLoopDelay.samples('');
const value = (suffix: string, labels = ''): number =>
  observed().find((sample) => sample.suffix === suffix && sample.labels === labels)?.value ?? Number.NaN;

test('Node and the process have their usual series, none of them a gauge that is called a total', async () => {
  const families = await runtime.families();
  const names = families.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'process_resident_memory_bytes',
      'process_cpu_seconds_total',
      'nodejs_gc_duration_seconds',
    ]),
  );
  for (const { name, type } of families) if (type === 'gauge') expect(name).not.toMatch(/_total$/);
});

test('a blocked event loop shows in the delay of its second', async () => {
  const end = performance.now() + 300;
  await new Promise((resolve) => setImmediate(resolve));
  while (performance.now() < end);
  await until(() => value('_count') > 0);
  expect(value('_count') - value('_bucket', 'le="0.1"')).toBeGreaterThan(0);
});
