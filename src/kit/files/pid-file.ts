import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError, toError } from '../errors.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Writes the process id to `path`, making its folder; returns what removes the file again, unless another process has put its
 * own id there meanwhile.
 * @throws ConfigError when the file is there and must not be overwritten, or cannot be written.
 */
export function writePidFile(path: string, override: boolean, pid = process.pid): () => void {
  if (!override && existsSync(path)) throw new ConfigError('', `${path} already exists`);
  if (!holdsPid(path))
    throw new ConfigError(
      'core.pid.path',
      `${path} is there and holds no process id: it was not touched; name another file`,
    );
  // The working folder may be another by then.
  const place = resolve(path);
  try {
    makeFolder(dirname(place));
    writeFileSync(place, String(pid));
  } catch (error) {
    throw new ConfigError('core.pid.path', `can't create PID file: ${toError(error).message}`, { cause: error });
  }
  return () => {
    if (existsSync(place) && readFileSync(place, 'utf8') === String(pid)) rmSync(place, { force: true });
  };
}

/** Empty, or a number: what a process leaves there. What is no file is for the write to complain about. */
function holdsPid(path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const size = there?.isFile() ? there.size : 0;
  return size === 0 || (size < 32 && /^\s*\d+\s*$/.test(readFileSync(path, 'utf8')));
}
