/** Figures are kept by quarters of an hour: days begin at one of them in every time zone. */
export const SLOT_MS = 900_000;

/** When the quarter began that a moment is in; and when the one begins that comes at it or behind it. UNIX milliseconds. */
export const slotBefore = (ms: number): number => Math.floor(ms / SLOT_MS) * SLOT_MS;
export const slotAfter = (ms: number): number => Math.ceil(ms / SLOT_MS) * SLOT_MS;
