import { setTimeout } from 'node:timers/promises';
import type { AppLanes } from '../apps/lanes/app-lanes.ts';
import type { FeedbackHook } from '../feedback/hook.ts';

const LOOK_MS = 10;
/** Towards the end nothing more is sent, so that what is under way has its answer: cut off, it would be sent again. */
const LAST_OUTCOMES_MS = 5000;

/** Waits until the queue is empty and the hooks have every report, at most `ms`. Deferred retries are not waited for. */
export async function drainRelay(
  { lanes, hook }: { readonly lanes: AppLanes; readonly hook: Pick<FeedbackHook, 'drain'> },
  ms: number,
): Promise<void> {
  const until = performance.now() + ms;
  const lastCall = until - Math.min(ms / 2, LAST_OUTCOMES_MS);
  let { waiting } = lanes.queue.depth();
  while ((waiting > 0 || lanes.busy() > 0) && performance.now() < until) {
    await setTimeout(LOOK_MS);
    if (performance.now() >= lastCall) lanes.halt();
    waiting = performance.now() >= lastCall ? 0 : lanes.queue.depth().waiting;
  }
  await hook.drain(Math.max(0, until - performance.now()));
}
