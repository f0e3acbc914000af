import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const KEY_BYTES = 32;
const KEY = /^[A-Za-z0-9+/]{43}=\n?$/;

const newKey = (): string => randomBytes(KEY_BYTES).toString('base64');

/** Where the key of a history is, unless there is a master key. */
export const keyPath = (path: string): string => `${path}.key`;

/**
 * What the hashes of targets are keyed with: not in the history's file, since who has both can try numbers and addresses until one fits.
 * Made of the master key where there is one, so that it is nowhere on the disk; else random, in a file beside (mode 0600) that all
 * processes share. Without a path: of this process.
 * @throws when the file cannot be read or made, or is something else
 */
export function targetKey(path: string, master?: Uint8Array): string {
  if (master) return createHmac('sha256', master).update('martlet history targets').digest('base64');
  return path === '' ? newKey() : keyOfFile(keyPath(path));
}

function keyOfFile(path: string): string {
  const found = readKey(path) ?? '';
  if (KEY.test(found)) return found.trim();
  if (found !== '') throw new Error(`${path} is something else than the key of a history: it was not touched`);
  return makeKey(path);
}

function readKey(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of several processes one makes it. An empty file is what a power cut left of one. */
function makeKey(path: string): string {
  const own = `${path}.${process.pid}.new`;
  writeFileSync(own, `${newKey()}\n`, { mode: 0o600 });
  try {
    if (readKey(path) === '') renameSync(own, path);
    else linkSync(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}
