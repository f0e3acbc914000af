import pino from 'pino';
import { ConfigError, toError } from '../../kit/errors.ts';
import { fileTrouble } from '../../kit/files/file-trouble.ts';

/** Where lines go. `process.stdout` is one. */
export interface LogStream {
  write(text: string): unknown;
}

/** A file that the log opened itself. */
export interface LogFile extends LogStream {
  /** Reopens the file after a rotation has moved it away. */
  reopen(): void;
  close(): void;
}

/** What a full disk makes wait, in bytes; beyond it lines are lost. */
const MAX_WAITING = 1024 * 1024;

type Which = 'access' | 'error' | 'audit';

function openForAppending(which: Which, path: string) {
  try {
    // No request waits for an audit line: a slow disk delays none.
    return pino.destination({ dest: path, append: true, sync: which !== 'audit', mode: 0o600, maxLength: MAX_WAITING });
  } catch (error) {
    const text = `can't load log module, error: Set ${which} log path error: open ${path}: ${fileTrouble(error)}`;
    throw new ConfigError('', text, { cause: error });
  }
}

/**
 * Appends to a file, at once; lines of the audit log as soon as the disk takes them.
 * @param onTrouble told what went wrong, each time; lines are lost then.
 * @throws ConfigError when it cannot be opened.
 */
export function openLogFile(which: Which, path: string, onTrouble: (trouble: string) => void): LogFile {
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
  let waits = false;
  return {
    write(text) {
      waits = which === 'audit';
      guarded(() => file.write(text));
    },
    reopen: () => guarded(() => file.reopen()),
    close() {
      // The process may end right after.
      if (waits) guarded(() => file.flushSync());
      guarded(() => file.end());
    },
  };
}
