import { closeSync, openSync } from 'node:fs';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
  ENAMETOOLONG: 'file name too long',
};

/** Why a file could not be opened, in the words that Go uses; the system's code where there are none. */
export function fileTrouble(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
  return WORDS[code] ?? code;
}

/** Trouble of the machine that says nothing about the file. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO', 'EBUSY', 'ESTALE', 'ETIMEDOUT', 'ENOBUFS']);

/** True when a file that could not be opened for appending may be opened a moment later: SQLite does not say why it could not. */
export function mayPass(path: string, error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && code !== 'ERR_SQLITE_ERROR') return PASSING.has(code);
  try {
    closeSync(openSync(path, 'a', 0o600));
    return true;
  } catch (again) {
    return PASSING.has((again as NodeJS.ErrnoException).code ?? '');
  }
}
