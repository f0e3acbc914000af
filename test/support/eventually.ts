import { vi } from 'vitest';
import { LOOK_MS, PATIENCE_MS } from './until.ts';

/** Resolves with the result of `look` once it throws no longer. @throws what `look` threw last, after PATIENCE_MS */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: PATIENCE_MS, interval: LOOK_MS });
