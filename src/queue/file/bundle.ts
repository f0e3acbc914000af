/**
 * Small requests of one push each that were accepted in one turn of the event loop, as one row: one insert, one delete, and the bits of
 * its progress in between. A member keeps its key. In the table of requests a bundle has no id; a version that knows of none sets it
 * aside as unreadable, and loses nothing.
 *
 *     MltB | length of the head | CRC-32 of the head | head: [[key − first, id, app, accepted, trace or 0, bytes, check], …] | bodies
 */
import { crc32 } from 'node:zlib';
import type { NewRecord } from './new-record.ts';
import { checkOf } from './record-check.ts';

/** One that is kept in a bundle. */
export interface BundleMember extends NewRecord {
  readonly body: Uint8Array;
  readonly check: number;
}

const MAGIC = Buffer.from('MltB');
const FIXED = 12;
/** A row that is larger than a page has pages of its own, which have to be found and given back. */
const MOST_BYTES = 15_000;
/** What a member takes in the head, apart from its id, app and trace. */
const HEAD_BYTES = 64;

/** No request has this id. */
export const BUNDLE_ID = '';

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
  for (const members of together) if (members.length === 1) alone.push(...members);
  return { together: together.filter(({ length }) => length > 1), alone };
}

const bytesOf = (body: Uint8Array | string): Uint8Array => (typeof body === 'string' ? Buffer.from(body) : body);

export function encodeBundle(records: readonly NewRecord[]): Uint8Array {
  const bodies = records.map(({ body }) => bytesOf(body));
  const first = records[0]?.key ?? 0;
  const head = Buffer.from(
    JSON.stringify(
      records.map((record, index) => {
        const { key, id, app, acceptedAt, trace } = record;
        const body = bodies[index] as Uint8Array;
        return [key - first, id, app, acceptedAt, trace ?? 0, body.length, checkOf(record, body)];
      }),
    ),
  );
  const fixed = Buffer.allocUnsafe(FIXED);
  MAGIC.copy(fixed);
  fixed.writeUInt32LE(head.length, MAGIC.length);
  fixed.writeUInt32LE(crc32(head), MAGIC.length * 2);
  return Buffer.concat([fixed, head, ...bodies]);
}

type Head = readonly [number, string, string, number, string | 0, number, number];

/** @returns undefined when that cannot be read */
function readHead(bytes: Buffer): readonly Head[] | undefined {
  if (bytes.length < FIXED || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const end = FIXED + bytes.readUInt32LE(MAGIC.length);
  const head = bytes.subarray(FIXED, end);
  if (end > bytes.length || crc32(head) !== bytes.readUInt32LE(MAGIC.length * 2)) return undefined;
  return JSON.parse(head.toString()) as Head[];
}

/** The members of a bundle, in their order; undefined when it is damaged so that it does not say what they are. */
export function decodeBundle(first: number, body: Uint8Array): readonly BundleMember[] | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const heads = readHead(bytes);
  if (!heads) return undefined;
  let at = FIXED + bytes.readUInt32LE(MAGIC.length);
  return heads.map(([more, id, app, acceptedAt, trace, length, check]) => {
    const own = bytes.subarray(at, at + length);
    at += length;
    return {
      ...{ key: first + more, id, app, acceptedAt, pushes: 1, body: own, check },
      ...(trace === 0 ? {} : { trace }),
    };
  });
}
