import type { RelayApi, RelayQuery } from './relay-api.ts';

/** Of one request. */
const PAGE = 1000;

/**
 * The rows of a list of the hub, page after page.
 * @param list the name that the rows have in the answer
 * @param most how many at most; @returns whether there are more than that
 */
export async function* listRows<Row>(
  api: RelayApi,
  path: string,
  list: string,
  { query = {}, most }: { readonly query?: RelayQuery; readonly most: number },
): AsyncGenerator<Row, boolean> {
  let left = most;
  for (let cursor: string | undefined; ; ) {
    const page = { ...query, limit: Math.min(PAGE, left), cursor };
    const body = await api.json<Readonly<Record<string, unknown>>>(path, page);
    const rows = body[list] as readonly Row[];
    yield* rows;
    left -= rows.length;
    cursor = body.next_cursor as string | undefined;
    if (cursor === undefined) return false;
    if (left <= 0) return true;
  }
}
