import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Keyed {
  readonly ios?: { readonly key_path?: string };
  readonly android?: { readonly key_path?: string; readonly credential?: string };
}

/** The files that credentials are read from. @param google the file that Google's libraries read; empty: none */
export function credentialFiles({ ios, android }: Keyed, google = ''): string[] {
  const fcm = android?.credential ? '' : android?.key_path || google;
  return [ios?.key_path, fcm].filter((path) => path !== undefined && path !== '') as string[];
}

/** Different when any of the files is another one. A file that cannot be read counts as empty. */
export function contentsOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(file).update('\0');
    try {
      hash.update(readFileSync(file));
    } catch {
      hash.update('?');
    }
  }
  return hash.digest('base64url');
}
