/** Far more than scrapers ask. */
const PER_SECOND = 20;

/**
 * A result that is made for each who asks, but not more often than `perSecond` times a second: beyond that the last one is handed
 * out, which is then younger than a second. A failure is handed out to those who asked for it and not kept.
 * @param now monotonic milliseconds
 */
export function rationed<T>(
  make: () => Promise<T>,
  perSecond = PER_SECOND,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let last: Promise<T> | undefined;
  let since = Number.NEGATIVE_INFINITY;
  let made = 0;
  return () => {
    const at = now();
    if (at - since >= 1000) {
      since = at;
      made = 0;
    }
    if (last && made >= perSecond) return last;
    made++;
    const result = make();
    last = result;
    result.catch(() => {
      if (last === result) last = undefined;
    });
    return result;
  };
}
