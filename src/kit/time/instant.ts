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
