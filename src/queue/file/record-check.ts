/**
 * A checksum of each record (CRC-32): SQLite has none for the pages of its file, and a push whose token or text a disk has changed
 * must not be sent. It stands in the column of the trace, as a third line, which versions that know of no checksum do not read.
 */
import { crc32 } from 'node:zlib';
import { readTraceContext } from '../../push/trace-context.ts';
import type { NewRecord } from './new-record.ts';

type Checked = Pick<NewRecord, 'id' | 'app' | 'acceptedAt' | 'pushes' | 'trace'>;

const HEX = 16;

export const checkOf = ({ id, app, acceptedAt, pushes, trace = '' }: Checked, body: Uint8Array): number =>
  crc32(body, crc32(`${id}\n${app}\n${acceptedAt}\n${pushes}\n${trace}`));

/** The text of the column. */
export const checkedTrace = (trace: string | undefined, check: number): string =>
  `${trace === undefined ? '\n' : trace.includes('\n') ? trace : `${trace}\n`}\n${check.toString(HEX)}`;

/** What `checkedTrace` made, or an earlier version, which wrote the trace alone. */
export function readCheckedTrace(text: string | null | undefined): {
  readonly trace: string | undefined;
  readonly check: number | undefined;
} {
  const [parent = '', state, check] = (text ?? '').split('\n');
  const trace = state ? `${parent}\n${state}` : parent;
  return { trace: trace === '' ? undefined : trace, check: checkIn(text, parent, check) };
}

/** Not a number: there was one, or there is no telling. An earlier version wrote nothing, or a trace that can be read. */
function checkIn(text: string | null | undefined, parent: string, check: string | undefined): number | undefined {
  if (check !== undefined) return Number.parseInt(check, HEX);
  return text == null || readTraceContext(parent) ? undefined : Number.NaN;
}

export const INSERT_RECORD = 'INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?)';

/** The columns of a record, for `INSERT_RECORD`. */
export function rowOf(record: NewRecord): [number, string, string, number, number, Uint8Array, string] {
  const { key, id, app, acceptedAt, pushes, body, trace, isDamaged } = record;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const check = checkOf(record, bytes);
  // What was damaged stays so.
  return [key, id, app, acceptedAt, pushes, bytes, checkedTrace(trace, isDamaged ? check ^ 1 : check)];
}
