/** How long statements run one after another before the event loop turns: who asks the process something meanwhile is answered then. */
const SLICE_MS = 5;

/**
 * Parts what a connection does in one go. A work of hundreds of rows is dozens of statements, between which no one else would get a turn:
 * what they wait for is done at once.
 * @returns what the next statement is to wait for; undefined: nothing
 */
export function slices(now = (): number => performance.now()): () => Promise<void> | undefined {
  /** When the first statement of this turn of the loop began; undefined: there was none. */
  let begunAt: number | undefined;
  const turned = (): void => {
    begunAt = undefined;
  };
  return () => {
    if (begunAt === undefined) {
      begunAt = now();
      setImmediate(turned);
      return undefined;
    }
    return now() - begunAt < SLICE_MS ? undefined : new Promise((resolve) => setImmediate(resolve));
  };
}
