import type { StatStore } from '../observe/stats/stats.ts';
import type { TaskCounts } from '../observe/stats/task-counts.ts';
import { highestCounts, type Totals } from './cluster/totals.ts';

/** What /api/stat/app asks of a relay. */
export interface CountingRelay {
  readonly stats: Pick<StatStore, 'readByApp' | 'shared'>;
  readonly tasks: { read(): TaskCounts };
  busyWorkers(): number;
}

/** The counters of this process, or of all; a store that they share is read by this one for all of them. */
export const countersOf = (relay: CountingRelay, totals: (() => Promise<Totals>) | undefined) => async () => {
  const { stats, tasks } = relay;
  if (!totals) return { ...(await stats.readByApp()), tasks: tasks.read(), busyWorkers: relay.busyWorkers() };
  const { apps, ...all } = await totals();
  if (!stats.shared) return { ...all, apps: new Map(apps) };
  const stored = await stats.readByApp();
  return { ...all, counts: highestCounts(all.counts, stored.counts), apps: stored.apps };
};
