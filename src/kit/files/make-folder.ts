import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing; one that is there is left as it is. Step by step: `recursive` of node:fs tries
 * for ever where a file system says that a parent is missing which is there, as /proc does.
 *
 * @param mode of the folders that are made; default 0o777, as far as the umask lets it
 * @throws the error of mkdir(2)
 */
export function makeFolder(path: string, mode?: number): void {
  if (tries(path, mode) || dirname(path) === path) return;
  makeFolder(dirname(path), mode);
  mkdirUnlessThere(path, mode);
}

/** @returns false when the folder above it is missing, or seems to be */
function tries(path: string, mode: number | undefined): boolean {
  try {
    mkdirUnlessThere(path, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Also on file systems that refuse before they look (EROFS, EACCES). */
function mkdirUnlessThere(path: string, mode: number | undefined): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
