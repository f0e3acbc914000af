/**
 * Bundles as earlier versions wrote them: rows among the requests, without an id, with the bits of what was settled as their progress. A
 * process of theirs that was killed has left them.
 *
 *     MltB | length of the head | CRC-32 of the head | head: [[key − first, id, app, accepted, trace or 0, bytes, check], …] | bodies
 */
import type { DatabaseSync } from 'node:sqlite';
import { hasBit } from '../../../kit/bits.ts';
import { type BundleMember, readHead } from '../bundle.ts';
import { checkOf, INSERT_RECORD, rowOf } from '../record-check.ts';

const MAGIC = Buffer.from('MltB');

/** No other request has this id. */
export const FORMER_BUNDLE_ID = '';

type Head = readonly [
  more: number,
  id: string,
  app: string,
  at: number,
  trace: string | 0,
  bytes: number,
  check: number,
];

/**
 * @param first the key of the row
 * @param done the bits of its progress
 * @returns undefined when there is no telling what it holds
 */
export function formerMembers(first: number, body: Uint8Array, done?: Uint8Array): readonly BundleMember[] | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const read = readHead(bytes, MAGIC);
  if (!read) return undefined;
  let at = read.end;
  const members = (read.head as readonly Head[]).map(
    ([more, id, app, acceptedAt, trace, length, check]): BundleMember => {
      const own = bytes.subarray(at, at + length);
      at += length;
      const member = {
        ...{ key: first + more, id, app, acceptedAt, pushes: 1, body: own },
        ...(trace === 0 ? {} : { trace }),
      };
      return checkOf(member, own) === check ? member : { ...member, isDamaged: true };
    },
  );
  return members.filter((_, place) => !done || !hasBit(done, place));
}

interface FormerRow {
  readonly key: number;
  readonly body: Uint8Array;
  readonly done: Uint8Array | null;
}

/** Rows whose members are to have rows of their own. One that does not say what it holds stays, and is damaged. */
export const formerRows = (db: DatabaseSync): readonly FormerRow[] =>
  db
    .prepare(
      'SELECT key, body, (SELECT done FROM progress AS p WHERE p.key = request.key) AS done FROM request WHERE id = ?',
    )
    .all(FORMER_BUNDLE_ID) as unknown as FormerRow[];

/** Within a transaction. */
export function takeFormerApart(db: DatabaseSync, { key, body, done }: FormerRow): void {
  const members = formerMembers(key, body, done ?? undefined);
  if (!members) return;
  db.prepare('DELETE FROM request WHERE key = ?').run(key);
  db.prepare('DELETE FROM progress WHERE key = ?').run(key);
  const insert = db.prepare(INSERT_RECORD);
  for (const member of members) insert.run(...rowOf(member));
}
