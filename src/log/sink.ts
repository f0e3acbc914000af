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

/** Characters gathered before they are written within one turn of the event loop. */
const GATHERED = 8192;

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
    return pino.destination({ dest: path, append: true, sync: true, mode: 0o600, minLength: GATHERED });
  } catch (thrown) {
    const error = toError(thrown) as NodeJS.ErrnoException;
    const trouble = goTroubles[error.code ?? ''] ?? error.message;
    const text = `can't load log module, error: Set ${which} log path error: open ${path}: ${trouble}`;
    throw new ConfigError(text, { cause: error });
  }
}

/**
 * Appends to a file: the lines of a turn of the event loop in one write, so that thousands of pushes cost few system calls and
 * a crash loses no more than that turn.
 * @param onTrouble told what went wrong, each time; lines are lost then.
 * @throws ConfigError when it cannot be opened.
 */
export function openFileSink(which: 'access' | 'error', path: string, onTrouble: (trouble: string) => void): LogSink {
  const file = openForAppending(which, path);
  const told = (thrown: unknown): void =>
    onTrouble(`the log file ${path} cannot be written: ${toError(thrown).message}`);
  file.on('error', told);
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      told(error);
    }
  };
  let turn: NodeJS.Immediate | undefined;
  const flush = (): void => {
    clearImmediate(turn);
    turn = undefined;
    guarded(() => file.flushSync());
  };
  return {
    write(text) {
      guarded(() => file.write(text));
      turn ??= setImmediate(flush);
    },
    flush,
    reopen() {
      flush();
      guarded(() => file.reopen());
    },
    close() {
      flush();
      guarded(() => file.end());
    },
  };
}
