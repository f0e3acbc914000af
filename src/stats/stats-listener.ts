import { platformOf, type RelayEvents } from '../push.ts';
import type { StatStore } from './stats.ts';

/**
 * Counts as /api/stat/app tells: what was asked for when a request is taken, and each target (a topic or a condition is one)
 * once, by its final outcome. A platform that is off or unknown counts nothing, as in Gorush.
 */
export function statsListener(store: StatStore): RelayEvents {
  return {
    accepted({ counts }) {
      if (counts > 0) store.add('total_count', counts);
    },
    settled({ provider, outcomes }) {
      if (!provider) return;
      let errors = 0;
      for (const outcome of outcomes) if (outcome.kind === 'failed') errors++;
      const platform = platformOf[provider];
      if (errors < outcomes.length) store.add(`${platform}_success`, outcomes.length - errors);
      if (errors > 0) store.add(`${platform}_error`, errors);
    },
  };
}
