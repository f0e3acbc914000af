import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';

/** How long a test waits before it is said to have failed: long, as a busy machine is no failure. */
const PATIENCE_MS = 100_000;
const LOOK_MS = 5;

/** Resolves when `condition` holds. @param what names it in the error; its source text by default. @throws Error after 100 seconds */
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

/** Resolves with the result of `look` once it throws no longer; for assertions. @throws what `look` threw last, after 100 seconds */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: PATIENCE_MS, interval: LOOK_MS });
