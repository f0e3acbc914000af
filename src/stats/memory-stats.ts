import { noStats, type StatStore } from './stats.ts';

/** Counters that start at 0 with the process: Gorush's default engine. */
export function createMemoryStats(): StatStore {
  const counts = noStats();
  return {
    shared: false,
    add(name, count) {
      counts[name] += count;
    },
    read: () => ({ ...counts }),
    close: async () => {},
  };
}
