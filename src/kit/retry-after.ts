/**
 * Milliseconds of a Retry-After header: seconds or an HTTP date (RFC 9110 section 10.2.3); undefined when there is none that
 * can be read.
 */
export function retryAfterMs(value: string | undefined, now: () => number = Date.now): number | undefined {
  if (!value) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}
