const MS_PER_SECOND = 1000;

/** Settings are in seconds, timers and durations in milliseconds. */
export const toMs = (seconds: number): number => seconds * MS_PER_SECOND;

/** What metrics and Unix times are in. */
export const toSeconds = (ms: number): number => ms / MS_PER_SECOND;
