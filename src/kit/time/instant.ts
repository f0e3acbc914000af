import { parsed, type Reader } from '../json/readers.ts';

/** UNIX milliseconds of an ISO 8601 text with `Z` or an offset; undefined for anything else. */
export function instantMs(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** `2026-12-01T09:00:00.000Z`. */
export const isoInstant = (ms: number): string => new Date(ms).toISOString();

/** UNIX milliseconds. */
export const instant: Reader<number> = parsed(instantMs, 'an ISO 8601 instant with Z or an offset');

/** What a field takes that is a wall time or an instant, for the one who gave something else, or a day that no calendar has. */
export const MOMENT = 'a day and a time that there are, such as 2026-12-01T09:00:00, or the same with Z or an offset';
