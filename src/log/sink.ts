import pino from 'pino';
import { ConfigError, toError } from '../errors.ts';

/** Where lines go. `process.stdout` is one. */
export interface LogStream {
  write(text: string): unknown;
}

/** A file that the log opened itself. */
export interface LogFile extends LogStream {
  /** Opens the file anew, after a rotation has moved it away. */
  reopen(): void;
  close(): void;
}

/** What a full disk makes wait, in bytes; beyond it lines are lost. */
const MAX_WAITING = 1024 * 1024;

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

function openForAppending(which: 'access' | 'error', path: string) {
  try {
    return pino.destination({ dest: path, append: true, sync: true, mode: 0o600, maxLength: MAX_WAITING });
  } catch (thrown) {
    const error = toError(thrown) as NodeJS.ErrnoException;
    const trouble = goTroubles[error.code ?? ''] ?? error.message;
    const text = `can't load log module, error: Set ${which} log path error: open ${path}: ${trouble}`;
    throw new ConfigError(text, { cause: error });
  }
}

/**
 * Appends to a file, at once.
 * @param onTrouble told what went wrong, each time; lines are lost then.
 * @throws ConfigError when it cannot be opened.
 */
export function openLogFile(which: 'access' | 'error', path: string, onTrouble: (trouble: string) => void): LogFile {
  const file = openForAppending(which, path);
  const told = (thrown: unknown): void =>
    onTrouble(`the log file ${path} cannot be written: ${toError(thrown).message}`);
  file.on('error', told);
  file.on('drop', () => told('too much text waits for it'));
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      told(error);
    }
  };
  return {
    write: (text) => guarded(() => file.write(text)),
    reopen: () => guarded(() => file.reopen()),
    close: () => guarded(() => file.end()),
  };
}
