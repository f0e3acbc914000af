import { closeSync, openSync } from 'node:fs';
import pino from 'pino';
import { ConfigError, toError } from '../errors.ts';

/** Where lines go. `process.stdout` is one. */
export interface LogStream {
  write(text: string): unknown;
}

/** A stream that the log opened itself. */
export interface LogSink extends LogStream {
  /** Writes what is still in memory, at once; at the end of the process. */
  flush(): void;
  /** Opens the file anew, after a rotation has moved it away. */
  reopen(): void;
  close(): void;
}

/** Text that waits for a slow disk; beyond it lines are dropped rather than memory filled. */
const MAX_PENDING = 16 * 1024 * 1024;

const goTroubles: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
  ENAMETOOLONG: 'file name too long',
};

function mustOpen(which: 'access' | 'error', path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (thrown) {
    const error = toError(thrown) as NodeJS.ErrnoException;
    const trouble = goTroubles[error.code ?? ''] ?? error.message;
    const text = `can't load log module, error: Set ${which} log path error: open ${path}: ${trouble}`;
    throw new ConfigError(text, { cause: error });
  }
}

/**
 * Appends to a file without ever waiting for the disk.
 * @param onTrouble told what went wrong, each time; lines may be lost then.
 * @throws ConfigError when it cannot be opened.
 */
export function openFileSink(which: 'access' | 'error', path: string, onTrouble: (trouble: string) => void): LogSink {
  mustOpen(which, path);
  const file = pino.destination({ dest: path, append: true, sync: false, mode: 0o600, maxLength: MAX_PENDING });
  let dropped = 0;
  file.on('error', (error: Error) => onTrouble(`the log file ${path} cannot be written: ${error.message}`));
  file.on('drop', () => {
    dropped++;
    onTrouble(`the log file ${path} is too slow, ${dropped} writes were dropped`);
  });
  return {
    write: (text) => file.write(text),
    flush() {
      try {
        file.flushSync();
      } catch (error) {
        onTrouble(`the log file ${path} cannot be written: ${toError(error).message}`);
      }
    },
    reopen: () => file.reopen(),
    close: () => file.end(),
  };
}
