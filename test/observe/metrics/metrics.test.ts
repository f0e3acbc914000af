import { expect, test } from 'vitest';
import { metricTable, relayTable } from '../../../src/observe/metrics/metric-table.ts';
import { createRuntimeMetrics } from '../../../src/observe/metrics/runtime-metrics.ts';
import { createMemoryStats } from '../../../src/observe/stats/memory-stats.ts';
import { ACCEPTED } from '../../../src/push/push.ts';
import { failed, settlement } from '../../support/settlement.ts';
import { laneReading, linesOf, quietMetrics } from './quiet-metrics.ts';

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
  const { type, text } = await quietMetrics().render();
  expect(type).toMatch(/^text\/plain/);
  for (const [name, kind, help] of gorush) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} 0\n`);
  }
});

test('the series of Gorush keep their names in OpenMetrics, which would have counters end with _total', async () => {
  const { text } = await quietMetrics().render('application/openmetrics-text');
  for (const [name] of gorush) expect(linesOf(text, `${name} `)).toEqual([`${name} 0`]);
});

test('the series of Gorush show the counters, whoever counts them', async () => {
  const stats = createMemoryStats();
  const metrics = quietMetrics({
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

test('pushes are counted by app, provider, environment, outcome, category and reason', async () => {
  const metrics = quietMetrics();
  const outcomes = [ACCEPTED, failed(), ACCEPTED, failed(), failed({ category: 'expired', reason: 'Expired' })];
  metrics.events.settled?.(settlement(['a', 'b', 'c', 'd', 'e'], outcomes));
  metrics.events.settled?.(settlement(['f'], undefined, { app: 'shop', environment: 'development' }));
  const off = failed({ category: 'disabled', reason: 'PlatformDisabled' });
  metrics.events.settled?.(settlement(['g'], [off], { provider: undefined }));
  const { text } = await metrics.render();
  const one = (app: string, provider: string, environment: string, outcome: string, category = '', reason = '') =>
    `martlet_pushes_total{app="${app}",provider="${provider}",environment="${environment}",outcome="${outcome}",category="${category}",reason="${reason}"}`;
  expect(linesOf(text, 'martlet_pushes_total')).toEqual([
    `${one('default', 'apns', 'production', 'accepted')} 2`,
    `${one('default', 'apns', 'production', 'failed', 'invalid_token', 'Unregistered')} 2`,
    `${one('default', 'apns', 'production', 'failed', 'expired', 'Expired')} 1`,
    `${one('default', 'none', 'production', 'failed', 'disabled', 'PlatformDisabled')} 1`,
    `${one('shop', 'apns', 'development', 'accepted')} 1`,
  ]);
});

test('what the queue takes, retries and refusals are counted', async () => {
  const metrics = quietMetrics();
  metrics.events.retried?.({
    ...settlement(['a', 'b', 'c', 'd', 'e']),
    provider: 'fcm',
    failed: failed({ category: 'unavailable', reason: 'QUOTA_EXCEEDED' }),
    delayMs: 1,
  });
  metrics.events.refused?.({ reason: 'any text', notifications: 2 });
  metrics.events.accepted?.({
    requestId: 'r',
    app: 'default',
    notifications: [],
    counts: 7,
    targets: 8,
    acceptedAt: 0,
  });
  const { text } = await metrics.render();
  expect(linesOf(text, 'martlet_retries_total')).toEqual([
    'martlet_retries_total{app="default",provider="fcm",environment="production",category="unavailable",reason="QUOTA_EXCEEDED"} 5',
  ]);
  expect(text).toContain('\nmartlet_queue_refused_total 2\n');
  expect(text).toContain('\nmartlet_queue_pushes_total 8\n');
  expect(text).not.toContain('any text');
});

test('the queue shows its depth, its age, what it may hold, and whether it survives the process', async () => {
  const depth = { notifications: 9, waiting: 30, deferred: 4 };
  const metrics = quietMetrics({
    queue: () => ({ depth, limit: 8192, oldestAge: 1500, health: 'warn', durable: false, takenOver: 3 }),
  });
  const { text } = await metrics.render();
  expect(linesOf(text, 'martlet_queue_')).toEqual(
    expect.arrayContaining([
      'martlet_queue_depth 9',
      'martlet_queue_limit 8192',
      'martlet_queue_oldest_age_seconds 1.5',
      'martlet_queue_waiting_pushes 30',
      'martlet_queue_deferred_pushes 4',
      'martlet_queue_health 1',
      'martlet_queue_durable 0',
      'martlet_queue_taken_over_total 3',
    ]),
  );
});

test('a lane shows its load, its breaker, its connections and its waits', async () => {
  const base = laneReading();
  const reading = laneReading({
    app: 'shop',
    provider: 'fcm',
    lane: { ...base.lane, inFlight: 7, breaker: 'open', rateLimitWaits: 3, rateLimitWaitMs: 2500 },
    transport: {
      status: 'fail',
      sessions: 2,
      inFlight: 7,
      capacity: 200,
      connections: { connects: 5, connectFailures: 1, goaways: 4, pings: 6 },
    },
    depth: { waiting: 11, deferred: 12 },
  });
  const { text } = await quietMetrics({ lanes: () => [reading] }).render();
  const figures = linesOf(text, 'martlet_lane_').map((line) => line.replace(/^martlet_lane_(\w+)\{.*\}/, '$1'));
  expect(figures).toEqual([
    'limit 256',
    'in_flight 7',
    'waiting_pushes 11',
    'deferred_pushes 12',
    'breaker 2',
    'health 0',
    'sessions 2',
    'streams 200',
    'connects_total 5',
    'connect_failures_total 1',
    'goaways_total 4',
    'pings_total 6',
    'rate_limit_waits_total 3',
    'rate_limit_wait_seconds_total 2.5',
  ]);
  expect(text).toContain('martlet_lane_limit{app="shop",provider="fcm",environment="production"}');
});

test('hooks, credentials, readiness, the sandbox and the build have their series', async () => {
  const metrics = quietMetrics({
    sandbox: true,
    feedback: () => [{ app: 'shop', backlog: 1, sent: 4, failed: 2, dropped: 3 }],
    credentialExpiries: () => [
      { app: 'shop', provider: 'apns', expiresAt: 3_000_000 },
      { app: 'shop', provider: 'apns', expiresAt: 2_000_000 },
    ],
  });
  expect(linesOf((await metrics.render()).text, 'martlet_ready')).toEqual([]);
  metrics.watchReadiness(() => false);
  const { text } = await metrics.render();
  expect(text).toContain('\nmartlet_feedback_backlog{app="shop"} 1\n');
  expect(text).toContain('\nmartlet_feedback_sent_total{app="shop"} 4\n');
  expect(text).toContain('\nmartlet_feedback_failed_total{app="shop"} 2\n');
  expect(text).toContain('\nmartlet_feedback_dropped_total{app="shop"} 3\n');
  expect(text).toContain('\nmartlet_credential_expiry_seconds{app="shop",provider="apns"} 2000\n');
  expect(text).toContain('\nmartlet_ready 0\n');
  expect(text).toContain('\nmartlet_sandbox 1\n');
  expect(text).toContain(`\nmartlet_build_info{version="1.2.3",node="${process.version}"} 1\n`);
});

test('two servers in one process do not share their series', async () => {
  const first = quietMetrics();
  const second = quietMetrics();
  first.events.refused?.({ reason: '', notifications: 1 });
  expect((await second.render()).text).toContain('\nmartlet_queue_refused_total 0\n');
});

test('the process has its series, too', async () => {
  const metrics = quietMetrics({ runtime: createRuntimeMetrics() });
  expect((await metrics.render()).text).toContain('process_cpu_seconds_total');
  metrics.close();
});

test('the table names every series of ours once', async () => {
  const names = metricTable.map((row) => row.name);
  expect(new Set(names).size).toBe(names.length);
  const { text } = await quietMetrics().render();
  for (const { name, type } of relayTable) {
    expect(text).toContain(`# TYPE ${name} ${type === 'info' ? 'gauge' : type}\n`);
  }
});
