import { readdirSync, readlinkSync } from 'node:fs';

const OPEN = '/proc/self/fd';

function nameOf(descriptor: string): string {
  try {
    return readlinkSync(`${OPEN}/${descriptor}`);
  } catch {
    // That of the folder itself, which is closed by now.
    return '';
  }
}

/** The temporary files of SQLite that this process has open: they have names of SQLite's own, and are deleted from the beginning. */
export const temporaryFiles = (): string[] =>
  readdirSync(OPEN)
    .map(nameOf)
    .filter((name) => name.includes('etilqs_'));
