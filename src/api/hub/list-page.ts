import { unprocessable } from './hub-refusal.ts';
import type { Query } from './query.ts';

/** What a cursor says about the last row of a page: the columns that the list is ordered by. */
export type Place = readonly (string | number)[];
type Shape = readonly ('string' | 'number')[];

export interface Page {
  /** Rows; ask the store for one more, and there is a next page when it comes. */
  readonly limit: number;
  /** The place of the last row of the page before; undefined on the first. */
  readonly after: Place | undefined;
}

const MOST = 1000;
const BY_DEFAULT = 100;
const LONGEST_CURSOR = 4096;

/** @param list which list it belongs to: the cursor of another one is refused */
export const cursorOf = (list: string, place: Place): string =>
  Buffer.from(JSON.stringify([list, ...place])).toString('base64url');

/** What a list may have said itself: no store has other numbers, or could look for other texts. */
const fits = (part: unknown, type: Shape[number] | undefined): boolean =>
  type === 'number' ? Number.isSafeInteger(part) : typeof part === 'string' && !part.includes('\0');

function placeOf(list: string, shape: Shape, cursor: string): Place | undefined {
  if (cursor.length > LONGEST_CURSOR || !/^[\w-]+$/.test(cursor)) return undefined;
  try {
    const [of, ...place] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const isPlace = of === list && place.length === shape.length && place.every((part, i) => fits(part, shape[i]));
    return isPlace ? (place as Place) : undefined;
  } catch {
    return undefined;
  }
}

/** Parameters of every list. */
export const PAGE_QUERY = ['limit', 'cursor'];

/**
 * Which page of a list is asked for, by `limit` (1–1000, default 100) and `cursor`.
 * @param shape of the place that its cursors hold
 */
export function pageOf(list: string, shape: Shape, query: Query): Page {
  const limit = query.integer('limit', { least: 1, most: MOST, byDefault: BY_DEFAULT });
  const cursor = query.text('cursor');
  if (cursor === undefined) return { limit, after: undefined };
  const after = placeOf(list, shape, cursor);
  if (!after) throw unprocessable({ path: 'cursor', reason: 'must be the next_cursor of a page of this list' });
  return { limit, after };
}

/**
 * The rows of a page, of at most one more than it holds, and the cursor of the next page where there is one.
 * @param placeOfRow in the shape that `pageOf` was given @param isCut there is more behind the rows, however few they are
 */
export function pageBody<Row>(
  list: string,
  rows: readonly Row[],
  { limit }: Page,
  placeOfRow: (row: Row) => Place,
  isCut = false,
): { readonly rows: readonly Row[]; readonly next: { readonly next_cursor?: string } } {
  const last = rows.length > limit ? rows[limit - 1] : isCut ? rows.at(-1) : undefined;
  return {
    rows: rows.slice(0, limit),
    next: last === undefined ? {} : { next_cursor: cursorOf(list, placeOfRow(last)) },
  };
}
