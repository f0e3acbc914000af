import { expect, test } from 'vitest';
import { noSnapshot, retire, type Snapshot, totalsOf } from '../../src/cluster/totals.ts';
import { createMetrics } from '../../src/metrics.ts';
import { noStats, type StatStore } from '../../src/stats/stats.ts';

const tasks = { submitted_tasks: 1, success_tasks: 1, failure_tasks: 0 };

async function snapshot(total: number, shared: boolean): Promise<Snapshot> {
  const counts = { ...noStats(), total_count: total };
  const stats: Pick<StatStore, 'read' | 'shared'> = { shared, read: () => counts };
  const metrics = createMetrics({
    version: '0',
    sandbox: false,
    stats,
    tasks: { read: () => tasks },
    busyWorkers: () => 0,
    queueDepth: () => 0,
    queueHealth: () => 'pass',
    lanes: () => [],
  });
  return { counts, shared, tasks, busyWorkers: 0, metrics: await metrics.snapshot() };
}

test('what each worker counts for itself adds up, those that are gone included', async () => {
  const gone = await retire(noSnapshot, await snapshot(1, false));
  const { counts, text } = await totalsOf([gone, await snapshot(2, false), await snapshot(4, false), noSnapshot]);
  expect(counts.total_count).toBe(7);
  expect(text).toContain('gorush_total_push_count 7');
});

test('counts in one store for all workers are told once', async () => {
  const gone = await retire(noSnapshot, await snapshot(10, true));
  const totals = await totalsOf([gone, await snapshot(11, true), noSnapshot, await snapshot(12, true)]);
  expect(totals.counts.total_count).toBe(12);
  expect(totals.tasks.submitted_tasks).toBe(3);
  expect(totals.text).toContain('gorush_total_push_count 12');
  expect(totals.text).toContain('gorush_submitted_tasks 3');
});
