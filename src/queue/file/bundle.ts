/**
 * Small requests of one push each that were accepted in one turn of the event loop, as one row of the table of bundles. A member keeps its
 * key. The row says as well what has gone since the one before it: members of older bundles that were settled, or have a row of their own
 * now; and how many pushes the file had accepted and settled by then. All rows have one size, so that SQLite writes one page over another
 * and finds and frees none.
 *
 *     MltC | length of the head | CRC-32 of the head | head | bodies | zeros
 *     head: [sequence, accepted, settled, count of members,
 *            of each member: key less the first, id, app, accepted, trace or 0, bytes, CRC-32 of the body,
 *            key of the first, of each that has gone: key less the one before it]
 */
import { crc32 } from 'node:zlib';
import type { NewRecord } from './new-record.ts';

/** Pushes over the life of a file: `accepted` = `settled` + what the records still hold, or something was lost. */
export interface Sums {
  readonly accepted: number;
  readonly settled: number;
}

/** What a row of the table of bundles says. */
export interface Bundle {
  /** Later rows have a greater one. */
  readonly sequence: number;
  readonly sums: Sums;
  /** Keys of members of older bundles. */
  readonly gone: readonly number[];
  readonly members: readonly BundleMember[];
}

/** One that is kept in a bundle. */
export interface BundleMember extends NewRecord {
  readonly body: Uint8Array;
}

const MAGIC = Buffer.from('MltC');
const FIXED = 12;
/** Just below a page. */
export const BUNDLE_BYTES = 16_000;
/** What the members may take, so that those that have gone have room beside them. */
const MOST_BYTES = 15_000;
/** What a member takes in the head, apart from its id, app and trace. */
const HEAD_BYTES = 64;
const MEMBER_FIELDS = 7;

const sizeOf = ({ id, app, trace = '', body }: NewRecord): number =>
  HEAD_BYTES + id.length + app.length + trace.length + body.length;

const mayJoin = (record: NewRecord): boolean =>
  record.pushes === 1 && record.isDamaged !== true && sizeOf(record) * 2 <= MOST_BYTES;

/** Divides the records of a transaction: those that share a row, and those that have one of their own. */
export function bundled(records: readonly NewRecord[]): {
  readonly together: readonly (readonly NewRecord[])[];
  readonly alone: readonly NewRecord[];
} {
  const alone: NewRecord[] = [];
  const together: NewRecord[][] = [];
  let open: NewRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (!mayJoin(record)) {
      alone.push(record);
      continue;
    }
    const size = sizeOf(record);
    if (bytes + size > MOST_BYTES || open.length === 0) {
      open = [];
      together.push(open);
      bytes = 0;
    }
    open.push(record);
    bytes += size;
  }
  return { together, alone };
}

/** @returns false when that is more than a row holds */
export function encodeBundle(
  into: Buffer,
  sequence: number,
  { accepted, settled }: Sums,
  gone: readonly number[],
  records: readonly NewRecord[],
): boolean {
  const head: (number | string)[] = [sequence, accepted, settled, records.length];
  const first = records[0]?.key ?? 0;
  const bodies: Uint8Array[] = [];
  let bytes = FIXED;
  for (const { key, id, app, acceptedAt, trace, body } of records) {
    const own = typeof body === 'string' ? Buffer.from(body) : body;
    bodies.push(own);
    bytes += own.length;
    head.push(key - first, id, app, acceptedAt, trace ?? 0, own.length, crc32(own));
  }
  head.push(first);
  let last = 0;
  for (const key of gone) {
    head.push(key - last);
    last = key;
  }
  const text = Buffer.from(JSON.stringify(head));
  if (bytes + text.length > BUNDLE_BYTES) return false;
  MAGIC.copy(into);
  into.writeUInt32LE(text.length, MAGIC.length);
  into.writeUInt32LE(crc32(text), MAGIC.length * 2);
  into.set(text, FIXED);
  let at = FIXED + text.length;
  for (const body of bodies) {
    into.set(body, at);
    at += body.length;
  }
  // Nothing of an earlier one is left behind this one.
  into.fill(0, at);
  return true;
}

/** Those of which a changed byte is known are damaged. @returns undefined when there is no telling what it holds */
export function decodeBundle(body: Uint8Array): Bundle | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const read = readHead(bytes, MAGIC);
  if (!read) return undefined;
  const head = read.head as readonly (number | string)[];
  const [sequence, accepted, settled, count] = head as readonly [number, number, number, number];
  const end = 4 + count * MEMBER_FIELDS;
  const first = head[end] as number;
  const members: BundleMember[] = [];
  let at = read.end;
  for (let place = 4; place < end; place += MEMBER_FIELDS) {
    const fields = head.slice(place, place + MEMBER_FIELDS);
    const [more, id, app, acceptedAt, trace, length, check] = fields as unknown as MemberFields;
    const own = bytes.subarray(at, at + length);
    at += length;
    members.push({
      ...{ key: first + more, id, app, acceptedAt, pushes: 1, body: own },
      ...(trace === 0 ? {} : { trace }),
      ...(crc32(own) === check ? {} : { isDamaged: true }),
    });
  }
  let last = 0;
  const gone = head.slice(end + 1).map((more) => {
    last += more as number;
    return last;
  });
  return { sequence, sums: { accepted, settled }, gone, members };
}

type MemberFields = readonly [number, string, string, number, string | 0, number, number];

/** The head behind `magic`, and where it ends; undefined when that cannot be read. */
export function readHead(
  bytes: Buffer,
  magic: Buffer,
): { readonly head: readonly unknown[]; readonly end: number } | undefined {
  if (bytes.length < FIXED || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const end = FIXED + bytes.readUInt32LE(magic.length);
  const head = bytes.subarray(FIXED, end);
  if (end > bytes.length || crc32(head) !== bytes.readUInt32LE(magic.length * 2)) return undefined;
  return { head: JSON.parse(head.toString()) as unknown[], end };
}
