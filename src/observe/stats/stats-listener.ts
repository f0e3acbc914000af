import type { RelayEvents } from '../../push/push.ts';
import { type StatName, type StatStore, statKeys } from './stats.ts';

/**
 * Counts as /api/stat/app tells: what was asked for when a request is taken, and each target (a topic or a condition is one)
 * once, by its final outcome; all of it for its app. A platform that is off or unknown counts nothing, as in Gorush. The counters by
 * platform are Gorush's, for its three.
 */
export function statsListener(store: StatStore): RelayEvents {
  return {
    accepted({ counts, appCounts }) {
      let rest = counts;
      for (const [app, count] of appCounts ?? []) {
        store.add('total_count', count, app);
        rest -= count;
      }
      if (rest > 0) store.add('total_count', rest);
    },
    settled({ app, platform, provider, outcomes }) {
      if (provider === undefined || !Object.hasOwn(statKeys, `${platform}_success`)) return;
      let errors = 0;
      for (const outcome of outcomes) if (outcome.kind === 'failed') errors++;
      if (errors < outcomes.length) store.add(`${platform}_success` as StatName, outcomes.length - errors, app);
      if (errors > 0) store.add(`${platform}_error` as StatName, errors, app);
    },
  };
}
