import type { Migration } from './migrate.ts';

/** From here on pages of very many who wait for the same moment have timers of a kind that former versions do not know: they would let them lie. */
export const heldTimers: Migration = { name: '0017-held-timers', statements: () => [] };
