import { expect, test } from 'vitest';
import { type AppEntries, noSnapshot, retire, type Snapshot, totalsOf } from '../../../src/host/cluster/totals.ts';
import { expose } from '../../../src/observe/metrics/exposition.ts';
import { noStats, type StatStore } from '../../../src/observe/stats/stats.ts';
import { quietMetrics } from '../../observe/metrics/quiet-metrics.ts';

const tasks = { submitted_tasks: 1, success_tasks: 1, failure_tasks: 0 };

async function snapshot(total: number, shared: boolean, apps: AppEntries = []): Promise<Snapshot> {
  const counts = { ...noStats(), total_count: total };
  const stats: Pick<StatStore, 'read' | 'shared'> = { shared, read: () => counts };
  const metrics = quietMetrics({ stats, tasks: { read: () => tasks } });
  return { counts, shared, apps, tasks, busyWorkers: 0, metrics: await metrics.snapshot() };
}

test('what each worker counts for itself adds up, those that are gone included', async () => {
  const gone = retire(noSnapshot, await snapshot(1, false));
  const { counts, metrics } = totalsOf([gone, await snapshot(2, false), await snapshot(4, false), noSnapshot]);
  expect(counts.total_count).toBe(7);
  expect(expose(metrics).text).toContain('gorush_total_push_count 7');
});

test('counts in one store for all workers are told once', async () => {
  const gone = retire(noSnapshot, await snapshot(10, true));
  const totals = totalsOf([gone, await snapshot(11, true), noSnapshot, await snapshot(12, true)]);
  expect(totals.counts.total_count).toBe(12);
  expect(totals.tasks.submitted_tasks).toBe(3);
  const { text } = expose(totals.metrics);
  expect(text).toContain('gorush_total_push_count 12');
  expect(text).toContain('gorush_submitted_tasks 3');
});

test('what each worker counts by app adds up, through the JSON of messages between processes', async () => {
  const gone = retire(noSnapshot, await snapshot(3, false, [['acme', { total_count: 3 }]]));
  const twice = retire(gone, await snapshot(4, false, [['acme', { total_count: 4, ios_error: 1 }]]));
  const rest: AppEntries = [
    ['acme', { total_count: 5 }],
    ['beta', { huawei_success: 2 }],
  ];
  const { apps } = totalsOf(JSON.parse(JSON.stringify([twice, await snapshot(5, false, rest)])));
  expect(apps).toEqual([
    ['acme', { total_count: 12, ios_error: 1 }],
    ['beta', { huawei_success: 2 }],
  ]);
});
