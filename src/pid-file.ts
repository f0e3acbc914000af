import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from './errors.ts';

/**
 * Writes the process id to `path`, making its folder; returns what removes the file again.
 * @throws ConfigError when the file is there and must not be overwritten.
 */
export function writePidFile(path: string, override: boolean, pid = process.pid): () => void {
  if (!override && existsSync(path)) throw new ConfigError(`${path} already exists`);
  mkdirSync(dirname(resolve(path)), { recursive: true });
  writeFileSync(path, String(pid));
  return () => rmSync(path, { force: true });
}
