import type { Migration } from './migrate.ts';

/** From here on very many who wait for the same moment have one timer, of a kind that former versions do not know: they would let it lie. */
export const heldTimers: Migration = { name: '0017-held-timers', statements: () => [] };
