import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The first bytes of every SQLite file (https://www.sqlite.org/fileformat.html, 1.3). */
const SQLITE_HEAD = Buffer.from('SQLite format 3\0');

function isSqlite(path: string): boolean {
  const head = Buffer.alloc(SQLITE_HEAD.length);
  const file = openSync(path, 'r');
  try {
    return readSync(file, head) === 0 || head.equals(SQLITE_HEAD);
  } finally {
    closeSync(file);
  }
}

export interface StatFile {
  readonly path: string;
  /** Why this is not the path that was asked for. */
  readonly because?: string;
}

/**
 * The SQLite file for the path that an embedded engine of Gorush names: that path itself, or, when a Gorush has its own data
 * there, a file inside that folder or beside that file, so that going back finds it untouched.
 * @param engine names the file in the temporary folder that an empty path means.
 */
export function statFile(path: string, engine: string): StatFile {
  if (path === '') return { path: join(tmpdir(), `martlet-${engine}.sqlite`), because: 'the path is empty' };
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory())
    return { path: join(path, 'martlet.sqlite'), because: `${path} is a folder, as ${engine} makes it` };
  if (there && !isSqlite(path))
    return { path: `${path}.martlet.sqlite`, because: `${path} is not SQLite and is left as it is` };
  return { path };
}
