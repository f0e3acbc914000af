/** ISO 8601 in UTC, made once a millisecond: many lines share it. @param now UNIX milliseconds. */
export function isoClock(now: () => number): () => string {
  let at = Number.NaN;
  let text = '';
  return () => {
    const ms = now();
    if (ms !== at) {
      at = ms;
      text = new Date(ms).toISOString();
    }
    return text;
  };
}
