import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { metricTable } from '../src/metric-table.ts';
import { createMetrics, type MetricsOptions } from '../src/metrics.ts';
import { ACCEPTED } from '../src/push.ts';
import { createMemoryStats } from '../src/stats/memory-stats.ts';
import { failed, settlement } from './settlement.ts';

const metricsOf = (more: Partial<MetricsOptions> = {}) =>
  createMetrics({
    version: '1.2.3',
    sandbox: false,
    stats: createMemoryStats(),
    tasks: { read: () => ({ submitted_tasks: 0, success_tasks: 0, failure_tasks: 0 }) },
    busyWorkers: () => 0,
    queueDepth: () => 0,
    queueHealth: () => 'pass',
    lanes: () => [],
    registry: new Registry(),
    ...more,
  });

const gorush = [
  ['gorush_total_push_count', 'counter', 'Number of push count'],
  ['gorush_ios_success', 'counter', 'Number of iOS success count'],
  ['gorush_ios_error', 'counter', 'Number of iOS fail count'],
  ['gorush_android_success', 'counter', 'Number of android success count'],
  ['gorush_android_fail', 'counter', 'Number of android fail count'],
  ['gorush_huawei_success', 'counter', 'Number of huawei success count'],
  ['gorush_huawei_fail', 'counter', 'Number of huawei fail count'],
  ['gorush_busy_workers', 'gauge', 'Length of busy workers'],
  ['gorush_success_tasks', 'counter', 'Length of Success Tasks'],
  ['gorush_failure_tasks', 'counter', 'Length of Failure Tasks'],
  ['gorush_submitted_tasks', 'counter', 'Length of Submitted Tasks'],
];

test('the series of Gorush are there with their texts and types, at 0', async () => {
  const { type, text } = await metricsOf().render();
  expect(type).toMatch(/^text\/plain/);
  for (const [name, kind, help] of gorush) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} 0\n`);
  }
});

test('the series of Gorush show the counters, whoever counts them', async () => {
  const stats = createMemoryStats();
  const metrics = metricsOf({
    stats: { shared: false, read: async () => stats.read() },
    tasks: { read: () => ({ submitted_tasks: 3, success_tasks: 2, failure_tasks: 1 }) },
    busyWorkers: () => 4,
  });
  stats.add('total_count', 5);
  stats.add('android_error', 6);
  await metrics.render();
  stats.add('android_error', 1);
  const { text } = await metrics.render();
  expect(text).toContain('\ngorush_total_push_count 5\n');
  expect(text).toContain('\ngorush_android_fail 7\n');
  expect(text).toContain('\ngorush_submitted_tasks 3\n');
  expect(text).toContain('\ngorush_busy_workers 4\n');
});

test('pushes are counted by provider, environment, outcome and category', async () => {
  const metrics = metricsOf();
  const outcomes = [ACCEPTED, failed(), ACCEPTED, failed(), failed({ category: 'expired' })];
  metrics.events.settled?.(settlement(['a', 'b', 'c', 'd', 'e'], outcomes));
  metrics.events.settled?.(settlement(['f'], undefined, { environment: 'development' }));
  metrics.events.settled?.(settlement(['g'], [failed({ category: 'disabled' })], { provider: undefined }));
  const { text } = await metrics.render();
  const pushes = text.split('\n').filter((line) => line.startsWith('martlet_pushes_total'));
  expect(pushes).toEqual([
    'martlet_pushes_total{provider="apns",environment="production",outcome="accepted",category=""} 2',
    'martlet_pushes_total{provider="apns",environment="production",outcome="failed",category="invalid_token"} 2',
    'martlet_pushes_total{provider="apns",environment="production",outcome="failed",category="expired"} 1',
    'martlet_pushes_total{provider="apns",environment="development",outcome="accepted",category=""} 1',
    'martlet_pushes_total{provider="none",environment="production",outcome="failed",category="disabled"} 1',
  ]);
});

test('retries, refusals, the queue and the hook have their series', async () => {
  const metrics = metricsOf({
    sandbox: true,
    queueDepth: () => 9,
    queueHealth: () => 'pass',
    lanes: () => [],
    feedback: { stats: () => ({ backlog: 1, failed: 2, dropped: 3 }) },
  });
  metrics.events.retried?.({
    ...settlement(['a', 'b', 'c', 'd', 'e']),
    lane: 'x',
    provider: 'fcm',
    failed: failed({ category: 'unavailable', reason: 'any text' }),
    delayMs: 1,
  });
  metrics.events.refused?.({ reason: 'any text', notifications: 2 });
  const { text } = await metrics.render();
  expect(text).toContain('\nmartlet_retries_total{provider="fcm",category="unavailable"} 5\n');
  expect(text).toContain('\nmartlet_queue_refused_total 2\n');
  expect(text).toContain('\nmartlet_queue_depth 9\n');
  expect(text).toContain('\nmartlet_feedback_backlog 1\n');
  expect(text).toContain('\nmartlet_feedback_failed_total 2\n');
  expect(text).toContain('\nmartlet_feedback_dropped_total 3\n');
  expect(text).toContain('\nmartlet_sandbox 1\n');
  expect(text).toContain(`\nmartlet_build_info{version="1.2.3",node="${process.version}"} 1\n`);
  expect(text).not.toContain('any text');
});

test('a token or a reason is never a label', async () => {
  const metrics = metricsOf();
  const outcome = failed({ reason: 'canary-reason', error: 'canary-error' });
  metrics.events.settled?.(settlement(['canary-token'], [outcome]));
  expect((await metrics.render()).text).not.toContain('canary');
});

test('two servers in one process do not share their series', async () => {
  const first = metricsOf();
  const second = metricsOf();
  first.events.refused?.({ reason: '', notifications: 1 });
  expect((await second.render()).text).toContain('\nmartlet_queue_refused_total 0\n');
});

test('without a registry of the caller the process has its series, too', async () => {
  const metrics = createMetrics({
    version: '1',
    sandbox: false,
    stats: createMemoryStats(),
    tasks: { read: () => ({ submitted_tasks: 0, success_tasks: 0, failure_tasks: 0 }) },
    busyWorkers: () => 0,
    queueDepth: () => 0,
    queueHealth: () => 'pass',
    lanes: () => [],
  });
  expect((await metrics.render()).text).toContain('process_cpu_seconds_total');
});

test('the table names every series of ours once', async () => {
  const names = metricTable.map((row) => row.name);
  expect(new Set(names).size).toBe(names.length);
  const { text } = await metricsOf().render();
  for (const { name, type } of metricTable) expect(text).toContain(`# TYPE ${name} ${type}\n`);
});
