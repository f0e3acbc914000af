import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { ConfigError, toError } from '../kit/errors.ts';
import { drained } from '../kit/http/drained.ts';

const OWNER_ONLY = 0o600;

/** Where lines go: a new file that only its owner may read, or stdout. */
export interface LinesOut extends AsyncDisposable {
  /** @returns false when the reader is gone */
  write(text: string | Buffer): Promise<boolean>;
}

const gone = (out: Writable): boolean => out.destroyed || out.errored !== null;

/** @param file undefined: `stdout`, which stays open. @throws ConfigError for a file that is there already, or cannot be made */
export async function openLinesOut(file: string | undefined, stdout: Writable): Promise<LinesOut> {
  const out = file === undefined ? stdout : createWriteStream(file, { flags: 'wx', mode: OWNER_ONLY, flush: true });
  if (file !== undefined)
    await once(out, 'open').catch((error) => {
      throw new ConfigError('', `${file} cannot be made: ${toError(error).message}`, { cause: error });
    });
  return {
    async write(text) {
      if (gone(out)) return false;
      if (!out.write(text)) await drained(out);
      return !gone(out);
    },
    async [Symbol.asyncDispose]() {
      if (file === undefined) return;
      out.end();
      await once(out, 'close');
    },
  };
}
