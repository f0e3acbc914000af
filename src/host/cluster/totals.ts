import { type Family, mergeFamilies } from '../../observe/metrics/family.ts';
import { sumOfApps } from '../../observe/stats/app-counts.ts';
import type { AppCounts, StatCounts, StatName } from '../../observe/stats/stats.ts';
import { noStats } from '../../observe/stats/stats.ts';
import type { TaskCounts } from '../../observe/stats/task-counts.ts';

/** Entries of an `AppCounts`: messages between processes are JSON. */
export type AppEntries = readonly (readonly [app: string, counts: Partial<StatCounts>])[];

/** What one worker has counted since its start. */
export interface Snapshot {
  readonly counts: StatCounts;
  /** True when `counts` is what all workers read in one store, and not what this one has counted. */
  readonly shared: boolean;
  /** What it has counted by app; none where all share one store, which has the counts. */
  readonly apps: AppEntries;
  readonly tasks: TaskCounts;
  readonly busyWorkers: number;
  readonly metrics: readonly Family[];
}

/** The sum over all workers, those that are gone included. */
export interface Totals {
  readonly counts: StatCounts;
  readonly apps: AppEntries;
  readonly tasks: TaskCounts;
  readonly busyWorkers: number;
  readonly metrics: readonly Family[];
}

const noTasks: TaskCounts = { submitted_tasks: 0, success_tasks: 0, failure_tasks: 0 };
export const noSnapshot: Snapshot = {
  counts: noStats(),
  shared: false,
  apps: [],
  tasks: noTasks,
  busyWorkers: 0,
  metrics: [],
};

const addTasks = (a: TaskCounts, b: TaskCounts): TaskCounts => ({
  submitted_tasks: a.submitted_tasks + b.submitted_tasks,
  success_tasks: a.success_tasks + b.success_tasks,
  failure_tasks: a.failure_tasks + b.failure_tasks,
});

function addCounts(a: StatCounts, b: StatCounts): StatCounts {
  const sum = { ...a };
  for (const name of Object.keys(b) as StatName[]) sum[name] += b[name];
  return sum;
}

const mapOf = (apps: AppEntries): AppCounts => new Map(apps);

const addAppEntries = (...parts: AppEntries[]): AppEntries => [...sumOfApps(...parts.map(mapOf))];

/** Of several readings of one store, which are a moment apart, the latest is the highest. */
export function highestCounts(a: StatCounts, b: StatCounts): StatCounts {
  const highest = { ...a };
  for (const name of Object.keys(b) as StatName[]) highest[name] = Math.max(a[name], b[name]);
  return highest;
}

/** A worker that is gone keeps its counters and histograms; what it had under way no longer counts. */
export function retire(retired: Snapshot, gone: Snapshot): Snapshot {
  const lasting = gone.metrics.filter(({ type }) => type === 'counter' || type === 'histogram');
  return {
    counts: gone.shared ? retired.counts : addCounts(retired.counts, gone.counts),
    shared: false,
    apps: addAppEntries(retired.apps, gone.apps),
    tasks: addTasks(retired.tasks, gone.tasks),
    busyWorkers: 0,
    metrics: mergeFamilies([retired.metrics, lasting]),
  };
}

export function totalsOf(snapshots: readonly Snapshot[]): Totals {
  const sum = snapshots.reduce((a, b) => ({
    counts: b.shared ? highestCounts(a.counts, b.counts) : addCounts(a.counts, b.counts),
    shared: b.shared,
    apps: addAppEntries(a.apps, b.apps),
    tasks: addTasks(a.tasks, b.tasks),
    busyWorkers: a.busyWorkers + b.busyWorkers,
    metrics: [],
  }));
  const { counts, apps, tasks, busyWorkers } = sum;
  return { counts, apps, tasks, busyWorkers, metrics: mergeFamilies(snapshots.map(({ metrics }) => metrics)) };
}
