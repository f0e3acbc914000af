/** Pages of rows that hold what callers have written, which may be a megabyte each. */

/** What a list has for a page. */
export interface RowPage<T> {
  readonly found: readonly T[];
  /** There is more than was asked for, or may be: it would be too much for one page. */
  readonly isCut: boolean;
}

export interface RowPageOrder<Row, T> {
  readonly limit: number;
  /** The rows behind one of them, or from the beginning, at most so many. */
  readonly read: (after: Row | undefined, limit: number) => Promise<readonly Row[]>;
  readonly bytesOf: (row: Row) => number;
  /** Undefined: the row is left out, and others take its place. */
  readonly open: (row: Row) => T | undefined;
}

/** Of what is read. A page ends behind it, but never without an item. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Rows that are read before it is known how large they are. */
const FIRST = 10;

/** Reads a page in parts, so that neither the memory nor the event loop has to take a thousand large rows at once. */
export async function rowPage<Row, T>({ limit, read, bytesOf, open }: RowPageOrder<Row, T>): Promise<RowPage<T>> {
  const found: T[] = [];
  let [rows, bytes, most] = [0, 0, FIRST];
  for (let last: Row | undefined; ; ) {
    const asked = Math.min(limit - found.length, most);
    const some = await read(last, asked);
    for (const row of some) {
      if (found.length > 0 && bytes + bytesOf(row) > MOST_BYTES) return { found, isCut: true };
      [rows, bytes] = [rows + 1, bytes + bytesOf(row)];
      const opened = open(row);
      if (opened !== undefined) found.push(opened);
    }
    if (some.length < asked || found.length === limit) return { found, isCut: false };
    last = some.at(-1);
    // As many as fit, if the next ones are like these.
    most = Math.max(1, Math.floor((MOST_BYTES - bytes) / (bytes / rows)));
  }
}
