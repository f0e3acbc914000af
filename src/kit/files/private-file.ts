import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';

/**
 * Makes an empty file that only its owner can read, and its folder; SQLite's journals beside it get its mode. One that is
 * there is not even opened: closing it would take the locks of this process away.
 */
export function makePrivateFile(path: string): void {
  makeFolder(dirname(path));
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}
