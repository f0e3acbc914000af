import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError, toError } from '../errors.ts';

/**
 * Writes the process id to `path`, making its folder; returns what removes the file again, unless another process has put its
 * own id there meanwhile.
 * @throws ConfigError when the file is there and must not be overwritten, or cannot be written.
 */
export function writePidFile(path: string, override: boolean, pid = process.pid): () => void {
  if (!override && existsSync(path)) throw new ConfigError('', `${path} already exists`);
  // The working folder may be another by then.
  const place = resolve(path);
  try {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, String(pid));
  } catch (error) {
    throw new ConfigError('core.pid.path', `can't create PID file: ${toError(error).message}`, { cause: error });
  }
  return () => {
    if (existsSync(place) && readFileSync(place, 'utf8') === String(pid)) rmSync(place, { force: true });
  };
}
