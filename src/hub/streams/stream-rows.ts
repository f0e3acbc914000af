/** The rows of streams, of one app a statement. Places are offsets: 1, 2, 3 … within a person's epoch. */
import { sql } from 'kysely';
import { PAGE_BYTES } from '../../streams/stream-store.ts';
import { askText, prepared } from '../storage/prepared.ts';
import type { HubDb, HubStore, Row } from '../storage/storage.ts';

export type HeadRow = Row<'stream_heads'>;
export type EventRow = Pick<Row<'stream_events'>, 'place' | 'type' | 'payload' | 'timestamp'>;

/** What a person's stream grows by. */
export interface Growth {
  readonly app: string;
  readonly user: string;
  readonly count: number;
  readonly bytes: number;
}

/** Rows a statement: few sizes, so that few texts are prepared. */
const PIECES = [500, 128, 64, 32, 16, 8, 4, 2, 1];

/** People a question. */
const AT_ONCE = 512;

const askHeads = prepared((db, { app, users }: { app: string; users: readonly string[] }) =>
  db.selectFrom('stream_heads').selectAll().where('app', '=', app).where('user', 'in', users),
);

/** Parts of these sizes, all of them together. */
export function* inPieces<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; ) {
    const size = PIECES.find((piece) => piece <= all.length - at) as number;
    yield all.slice(at, at + size);
    at += size;
  }
}

const growTexts = new Map<number, string>();

/** For SQLite. */
function growSql(rows: number): string {
  const known = growTexts.get(rows);
  if (known !== undefined) return known;
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?)').join(', ');
  const set = 'head = h.head + excluded.head, bytes = h.bytes + excluded.bytes';
  const text = `INSERT INTO stream_heads AS h (app, "user", epoch, floor, head, bytes) VALUES ${values} ON CONFLICT (app, "user") DO UPDATE SET ${set} RETURNING app, "user", epoch, floor, head, bytes`;
  growTexts.set(rows, text);
  return text;
}

/** For PostgreSQL, which takes each column as one parameter. */
const growInArrays = prepared((db, { rows }: { readonly rows: readonly HeadRow[] }) =>
  db
    .insertInto('stream_heads')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['app', 'user']).doUpdateSet((eb) => ({
        head: eb('stream_heads.head', '+', eb.ref('excluded.head')),
        bytes: eb('stream_heads.bytes', '+', eb.ref('excluded.bytes')),
      })),
    )
    .returningAll(),
);

/**
 * Gives out places: the rows as they are after that. Each is locked until the transaction ends, so that the next writer gives out
 * the next place only when what is at this one can be read.
 * @param epoch of streams that begin now. @param growths each person once, in an order that all writers share
 */
export async function growHeads(
  tx: HubDb,
  engine: HubStore['engine'],
  epoch: number,
  growths: readonly Growth[],
): Promise<HeadRow[]> {
  if (engine === 'postgres') {
    const rows = growths.map(({ app, user, count, bytes }) => ({ app, user, epoch, floor: 0, head: count, bytes }));
    return growInArrays(tx, { rows });
  }
  const grown: HeadRow[] = [];
  for (const some of inPieces(growths)) {
    const values = some.flatMap(({ app, user, count, bytes }) => [app, user, epoch, 0, count, bytes]);
    grown.push(...(await askText<HeadRow>(tx, growSql(some.length), values)));
  }
  return grown;
}

/** Of those who have a stream. */
export async function findHeads(db: HubDb, app: string, users: readonly string[]): Promise<HeadRow[]> {
  const found: HeadRow[] = [];
  for (let at = 0; at < users.length; at += AT_ONCE)
    found.push(...(await askHeads(db, { app, users: users.slice(at, at + AT_ONCE) })));
  return found;
}

export interface PageAsked {
  readonly app: string;
  readonly user: string;
  readonly after: number;
  readonly limit: number;
  readonly maxEvents: number;
}

interface PageRow extends HeadRow {
  readonly place: number | null;
  readonly type: string;
  readonly payload: string;
  readonly timestamp: string;
}

/** A head with what follows a place, of one moment; undefined: the person has no stream. */
export async function findPage(
  db: HubDb,
  { app, user, after, limit, maxEvents }: PageAsked,
): Promise<{ readonly head: HeadRow; readonly events: readonly EventRow[] } | undefined> {
  const { rows } = await sql<PageRow>`
    SELECT h.app, h."user", h.epoch, h.floor, h.head, h.bytes, e.place, e.type, e.payload, e.timestamp
    FROM stream_heads h LEFT JOIN (
      SELECT f.app, f."user", f.place, sum(f.bytes) OVER (ORDER BY f.place) - f.bytes AS before FROM (
        SELECT g.app, g."user", g.place, g.bytes FROM stream_events g
        JOIN stream_heads i ON i.app = g.app AND i."user" = g."user"
        WHERE g.app = ${app} AND g."user" = ${user} AND g.place > ${after} AND g.place > i.head - ${maxEvents}
        ORDER BY g.place LIMIT ${limit}
      ) f
    ) p ON p.app = h.app AND p."user" = h."user" AND p.before < ${PAGE_BYTES}
    LEFT JOIN stream_events e ON e.app = p.app AND e."user" = p."user" AND e.place = p.place
    WHERE h.app = ${app} AND h."user" = ${user} ORDER BY e.place`.execute(db);
  const [head] = rows;
  if (!head) return undefined;
  const events = rows.filter((row): row is PageRow & EventRow => row.place !== null);
  return { head, events };
}

/** Removes what lies up to a place, and notes that it is kept no longer. @returns how many events that were */
export async function removeUpTo(tx: HubDb, app: string, user: string, floor: number): Promise<number> {
  const removed = await tx
    .deleteFrom('stream_events')
    .where('app', '=', app)
    .where('user', '=', user)
    .where('place', '<=', floor)
    .returning('bytes')
    .execute();
  await tx
    .deleteFrom('stream_keys')
    .where('app', '=', app)
    .where('user', '=', user)
    .where('place', '<=', floor)
    .execute();
  const bytes = removed.reduce((sum, row) => sum + row.bytes, 0);
  await tx
    .updateTable('stream_heads')
    .set((eb) => ({ floor, bytes: eb('bytes', '-', bytes) }))
    .where('app', '=', app)
    .where('user', '=', user)
    .where('floor', '<', floor)
    .execute();
  return removed.length;
}

/** The place up to which a stream goes, so that the events after it have no more bytes than that; the newest stays. */
export async function placeWithin(tx: HubDb, { app, user, head }: HeadRow, maxBytes: number): Promise<number> {
  const rows = await tx
    .selectFrom('stream_events')
    .select(['place', 'bytes'])
    .where('app', '=', app)
    .where('user', '=', user)
    .orderBy('place', 'desc')
    .execute();
  let sum = 0;
  for (const { place, bytes } of rows) {
    sum += bytes;
    if (sum > maxBytes && place < head) return place;
  }
  return 0;
}
