import type { Failed } from '../../push/push.ts';
import { EarlyOutcomes } from './early-outcomes.ts';
import { endedAs } from './ended.ts';
import type { PushCarrier } from './push-carrier.ts';

const NONE: Failed = {
  kind: 'failed',
  category: 'disabled',
  reason: 'PushNotConfigured',
  error: 'hub.push.mode: none',
};

/** Sends nothing: what is handed over all the same ends at once. @param now UNIX milliseconds */
export function createNoCarrier(now: () => number = Date.now): PushCarrier {
  const told = new EarlyOutcomes();
  return {
    async send(batches) {
      for (const { batch, app, notification } of batches)
        told.outcomes(endedAs({ batch, app, targets: notification.tokens }, NONE, now()));
      return [];
    },
    holds: () => false,
    listen: (listener) => told.listen(listener),
    health: () => ({ status: 'pass', output: NONE.error }),
    can: () => false,
    async close() {},
  };
}
