import { DEFAULT_APP } from '../../push/app-name.ts';
import { addCount, countsOf, sumOfApps } from './app-counts.ts';
import { noStats, type StatCounts, type StatStore } from './stats.ts';

/** Counters that start at 0 with the process: Gorush's default engine. */
export function createMemoryStats(): StatStore {
  const counts = noStats();
  const apps = new Map<string, Partial<StatCounts>>();
  return {
    shared: false,
    add(name, count, app = DEFAULT_APP) {
      counts[name] += count;
      if (app !== DEFAULT_APP) addCount(countsOf(apps, app), name, count);
    },
    read: () => ({ ...counts }),
    readByApp: () => ({ counts: { ...counts }, apps: sumOfApps(apps) }),
    close: async () => {},
  };
}
