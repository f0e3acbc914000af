import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { ConfigError, toError } from '../../kit/errors.ts';
import { linesOf } from '../../kit/text/lines.ts';

export interface TokenPiece {
  readonly tokens: readonly string[];
  /** How much of the file has been read with it, from 0 to 1; undefined: stdin, whose end is not known. */
  readonly done: number | undefined;
}

/** Targets from a file. */
export interface TokenFile {
  /** In pieces of at most `size`. */
  pieces(size: number): AsyncGenerator<TokenPiece>;
}

/** Bytes; a subscription of a browser is the longest target that there is. */
const LONGEST = 8192;
const STDIN = 0;

/**
 * A target on each line; empty lines are passed over.
 * @param path `-`: stdin
 * @throws ConfigError for a file that cannot be read
 */
export async function openTokenFile(path: string): Promise<TokenFile> {
  const file = path === '-' ? undefined : await openFile(path);
  const size = file?.size;
  let read = 0;
  const bytes = file ? file.stream : createReadStream('', { fd: STDIN });
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      read += chunk.length;
      yield chunk;
    }
  }
  const pieceOf = (tokens: readonly string[]): TokenPiece => ({
    tokens,
    done: size === undefined ? undefined : Math.min(1, read / size),
  });
  return {
    async *pieces(most) {
      let piece: string[] = [];
      for await (const lines of linesOf(counted(), LONGEST))
        for (const { number, bytes: line } of lines) {
          if (!line) throw new ConfigError('', `line ${number} is longer than ${LONGEST} bytes: it is no target`);
          const target = String(line).trim();
          if (target !== '') piece.push(target);
          if (piece.length < most) continue;
          yield pieceOf(piece);
          piece = [];
        }
      if (piece.length > 0) yield pieceOf(piece);
    },
  };
}

async function openFile(path: string) {
  try {
    const handle = await open(path);
    const { size } = await handle.stat();
    return { size, stream: handle.createReadStream() };
  } catch (error) {
    throw new ConfigError('', `${path} cannot be read: ${toError(error).message}`, { cause: error });
  }
}
