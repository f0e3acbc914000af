/** A line of a stream, or that there was one which is too long to be kept. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its end; undefined: it is longer than allowed. */
  readonly bytes: Buffer | undefined;
}

const LF = 0x0a;
const CR = 0x0d;

const withoutReturn = (bytes: Buffer): Buffer => (bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes);

/**
 * Cuts a stream of bytes into lines, in lists as they come, with never more than one line kept in between. Lines end with LF or CRLF;
 * the last one may lack its end. Empty lines are counted, and left out.
 * @param most bytes of a line
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<readonly Line[]> {
  let rest: Buffer[] = [];
  let size = 0;
  let number = 0;
  /** Ends the line that has been gathered, with its last part. */
  const ended = (part: Buffer): Line | undefined => {
    number++;
    const whole = size + part.length;
    const bytes =
      whole > most ? undefined : withoutReturn(rest.length > 0 ? Buffer.concat([...rest, part], whole) : part);
    rest = [];
    size = 0;
    return bytes?.length === 0 ? undefined : { number, bytes };
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, begin)) {
      const line = ended(chunk.subarray(begin, end));
      if (line) lines.push(line);
      begin = end + 1;
    }
    const part = chunk.subarray(begin);
    size += part.length;
    // Of a line that is too long nothing is kept but how long it is.
    if (size > most) rest = [];
    else if (part.length > 0) rest.push(part);
    if (lines.length > 0) yield lines;
  }
  if (size > 0) {
    const parts = rest;
    const whole = size;
    size = whole > most ? whole : 0;
    rest = [];
    const last = ended(whole > most ? Buffer.alloc(0) : Buffer.concat(parts, whole));
    if (last) yield [last];
  }
}
