/**
 * Shares one running call among all who ask while it runs; the next to ask after it ended starts a new one.
 * A failure reaches everyone who waited and is not remembered.
 */
export function singleFlight<T>(call: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined;
  return () => {
    if (pending) return pending;
    const current = call().finally(() => {
      if (pending === current) pending = undefined;
    });
    pending = current;
    return current;
  };
}
