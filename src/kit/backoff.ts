export interface BackoffOptions {
  /** Milliseconds: the upper bound of the first pause, and of the longest. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The pause before retry number `retry` (0 is the first): full jitter, a random time between 0 and `firstMs` × 2^retry,
 * at most `maxMs`. Full jitter spreads a crowd of retries evenly, which "equal" jitter does not.
 */
export function backoff(retry: number, { firstMs, maxMs }: BackoffOptions, random = Math.random): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(retry, 30));
  return random() * ceiling;
}
