import { background } from '../../kit/background.ts';
import { httpStatus } from '../../kit/http/http-status.ts';
import { isObject } from '../../kit/is-object.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { idFault } from '../../kit/text/id-fault.ts';
import { type Line, linesOf } from '../../kit/text/lines.ts';
import { slices } from '../../kit/time/slices.ts';
import { faulty, PeopleRefusal } from '../people/person.ts';
import type { DeviceChange, Devices } from './devices.ts';
import type { ImportCounts, ImportRow } from './import-rows.ts';

/** A row that was not taken. */
export interface ImportFault {
  readonly line: number;
  readonly id?: string;
  /** As an answer to a PUT would have. */
  readonly code: number;
  readonly message: string;
  readonly details?: readonly FaultyField[];
}

/** The last line of an import. */
export interface ImportTotals {
  readonly imported: number;
  readonly moved: number;
  readonly rotated: number;
  readonly failed: number;
}

/** Rows of one transaction. */
const PIECE = 500;
/**
 * Pieces that are being written while the next one is read: a later row of a device counts. Works of an SQLite file are done in the order in
 * which they are given, and the second while the first is brought to the disk; those of PostgreSQL side by side.
 */
const AT_ONCE = { sqlite: 2, postgres: 1 } as const;
/** Bytes. */
const LONGEST_LINE = 65_536;

const utf8 = new TextDecoder('utf-8', { fatal: true });

interface Good {
  readonly row: ImportRow;
}

function readLine(devices: Devices, app: string, { number, bytes }: Line): Good | ImportFault {
  const fault = (message: string, code: 'invalid' | 'too_large'): ImportFault => ({
    line: number,
    code: httpStatus[code],
    message,
  });
  if (!bytes) return fault(`the row is longer than ${LONGEST_LINE} bytes`, 'too_large');
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(bytes));
  } catch {
    // The parser quotes the text, which holds a token.
    return fault('the row is not JSON in UTF-8', 'invalid');
  }
  const named = isObject(json) && idFault(json.id) === undefined ? { id: json.id as string } : {};
  try {
    return { row: readRow(devices, app, json) };
  } catch (error) {
    if (!(error instanceof PeopleRefusal)) throw error;
    const { kind, message, details } = error;
    return { line: number, ...named, code: httpStatus[kind], message, ...(details ? { details } : {}) };
  }
}

/** @throws PeopleRefusal */
function readRow(devices: Devices, app: string, json: unknown): ImportRow {
  if (!isObject(json)) throw faulty([{ path: '', reason: 'must be an object' }]);
  const reason = json.id === undefined ? 'is missing' : idFault(json.id);
  if (reason !== undefined) throw faulty([{ path: 'id', reason }]);
  return devices.readRow(app, json.id as string, json);
}

/** Writes pieces in their order, and lets the next ones be read meanwhile. */
class Writing {
  readonly #devices: Devices;
  readonly #change: Pick<DeviceChange, 'app' | 'by'>;
  readonly #given: Promise<ImportCounts>[] = [];
  #moved = 0;
  #rotated = 0;

  constructor(devices: Devices, change: Pick<DeviceChange, 'app' | 'by'>) {
    this.#devices = devices;
    this.#change = change;
  }

  /** @throws what one before it threw */
  async give(rows: readonly ImportRow[]): Promise<void> {
    await this.#downTo(AT_ONCE[this.#devices.engine] - 1);
    const written = this.#devices.importRows(this.#change, rows);
    // It is thrown to the one who waits for it, and that may not be at once.
    background(written, () => {});
    this.#given.push(written);
  }

  /** Waits for all that was given. @throws what one threw */
  async written(): Promise<{ readonly moved: number; readonly rotated: number }> {
    await this.#downTo(0);
    return { moved: this.#moved, rotated: this.#rotated };
  }

  /** The same, where something else has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#given);
  }

  async #downTo(most: number): Promise<void> {
    while (this.#given.length > most) {
      const { moved, rotated } = (await this.#given.shift()) as ImportCounts;
      this.#moved += moved;
      this.#rotated += rotated;
    }
  }
}

/**
 * Takes devices in, a row of JSON each: the body of a PUT, and `id`. The good ones are taken whatever the others are; what was taken
 * before a connection broke, or a piece could not be written, stays, and so may a piece that was given meanwhile.
 * @returns a fault for each bad row, in pieces as they come, and at the end the totals
 */
export async function* importDevices(
  devices: Devices,
  change: Pick<DeviceChange, 'app' | 'by'>,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<readonly ImportFault[], ImportTotals> {
  await using writing = new Writing(devices, change);
  let imported = 0;
  let failed = 0;
  let piece: ImportRow[] = [];
  const take = async (): Promise<void> => {
    const rows = piece;
    piece = [];
    await writing.give(rows);
    imported += rows.length;
  };
  const turn = slices();
  for await (const lines of linesOf(chunks, LONGEST_LINE)) {
    let faults: ImportFault[] = [];
    for (const line of lines) {
      // A chunk may be thirty thousand lines of one character.
      await turn();
      const read = readLine(devices, change.app, line);
      if ('row' in read) piece.push(read.row);
      else faults.push(read);
      if (piece.length >= PIECE) await take();
      if (faults.length < PIECE) continue;
      failed += faults.length;
      yield faults;
      faults = [];
    }
    failed += faults.length;
    if (faults.length > 0) yield faults;
  }
  if (piece.length > 0) await take();
  const totals = { imported, ...(await writing.written()), failed };
  await devices.imported(change, totals);
  return totals;
}
