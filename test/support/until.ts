import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits before it has failed: long, as a busy machine is no failure. */
export const PATIENCE_MS = 100_000;
export const LOOK_MS = 5;

/** Resolves when `condition` holds. @param what names it in the error; its source text by default. @throws Error after PATIENCE_MS */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string = condition.toString(),
): Promise<void> {
  const last = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > last) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    await sleep(LOOK_MS);
  }
}
