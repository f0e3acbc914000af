import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileTrouble } from '../kit/files/file-trouble.ts';

/** True for a "path" that is the key itself, pasted in its place: it must not be printed. */
export const isContent = (path: string): boolean => path.length > 1024 || /[\n{]|-----BEGIN/.test(path);

/** Why a key file cannot be used; undefined when it can. @param instead the setting that takes the key itself */
export function keyFileTrouble(cwd: string, path: string, instead: string): string | undefined {
  if (isContent(path)) return `must be the path of a file; the key itself goes into ${instead}`;
  try {
    const absolute = resolve(cwd, path);
    if (statSync(absolute).isDirectory()) return `is a folder: ${path}`;
    accessSync(absolute, constants.R_OK);
    return undefined;
  } catch (error) {
    const why = fileTrouble(error);
    return `${why === 'no such file or directory' ? 'no such file' : why}: ${path}`;
  }
}
