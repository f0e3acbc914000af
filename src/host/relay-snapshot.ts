import type { AppLanes } from '../apps/lanes/app-lanes.ts';
import type { Metrics } from '../observe/metrics/metrics.ts';
import type { StatStore } from '../observe/stats/stats.ts';
import type { TaskCounts } from '../observe/stats/task-counts.ts';
import type { Snapshot } from './cluster/totals.ts';

export interface CountedParts {
  readonly stats: StatStore;
  readonly tasks: { read(): TaskCounts };
  readonly metrics: Pick<Metrics, 'snapshot'>;
  readonly lanes: Pick<AppLanes, 'busy'>;
}

/** What this process has counted, for the sum over several. */
export async function relaySnapshot({ stats, tasks, metrics, lanes }: CountedParts): Promise<Snapshot> {
  const { shared } = stats;
  const { counts, apps } = shared ? { counts: await stats.read(), apps: [] } : await stats.readByApp();
  return {
    counts,
    shared,
    apps: [...apps],
    tasks: tasks.read(),
    busyWorkers: lanes.busy(),
    metrics: await metrics.snapshot(),
  };
}
