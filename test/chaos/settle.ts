import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayProcess } from './relay-process.ts';
import type { Tally } from './tally.ts';

/** How long nothing at all may happen. However slow a machine is, something does. */
const PATIENCE_MS = 90_000;
/** Less often than the relay makes a new reading of its metrics (src/kit/rationed.ts). */
const LOOK_MS = 100;

/** Notifications and reports that the relay has not done with. A push that has arrived is among them while its answer is lost. */
const UNFINISHED = ['martlet_queue_depth', 'martlet_feedback_backlog'] as const;

/**
 * Waits until every accepted push is delivered or reported and the relay has nothing left to do; not for ever, as that is what a
 * scenario is about: until nothing has changed for PATIENCE_MS.
 * @param count what has become of the pushes so far. @returns what had at the end
 */
export async function settle(relay: RelayProcess, count: () => Promise<Tally>): Promise<Tally> {
  let last = '';
  let changedAt = performance.now();
  for (;;) {
    const tally = await count();
    const unfinished = await relay.metric(...UNFINISHED);
    if (tally.lost + unfinished === 0) return tally;
    const state = JSON.stringify([tally, unfinished]);
    if (state !== last) changedAt = performance.now();
    else if (performance.now() - changedAt > PATIENCE_MS) return tally;
    last = state;
    await sleep(LOOK_MS);
  }
}
