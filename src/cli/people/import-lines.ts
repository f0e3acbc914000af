import type { Readable } from 'node:stream';
import type { ImportFault, ImportTotals } from '../../hub/devices/import-devices.ts';
import { linesOf } from '../../kit/text/lines.ts';
import { RelayRefusal } from '../relay/relay-api.ts';

/** Bytes of a line of the answer. */
const LONGEST_LINE = 1_048_576;

const isTotals = (line: ImportFault | ImportTotals): line is ImportTotals => 'imported' in line;

const faultLine = ({ line, id, code, message }: ImportFault): string =>
  `line ${line}${id === undefined ? '' : ` (${id})`}: ${code} ${message}`;

/**
 * Reads the answer of an import to its end.
 * @param note is given a line for each row that was not taken
 * @throws RelayRefusal when it ends without its totals: what was taken before stays
 */
export async function importResult(
  answer: Readable,
  note: (line: string, fault: ImportFault) => void,
): Promise<ImportTotals> {
  for await (const lines of linesOf(answer, LONGEST_LINE))
    for (const { bytes } of lines) {
      const line = JSON.parse(String(bytes)) as ImportFault | ImportTotals;
      if (isTotals(line)) return line;
      note(faultLine(line), line);
    }
  throw new RelayRefusal(
    'the relay ended its answer half-way; what it had taken by then stays, and the file may be sent again',
  );
}
