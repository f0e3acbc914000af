import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ProviderEnvironment } from '../carrier/provider-row.ts';
import { builtIn, type ProviderTable } from './registry.ts';
import type { PartialSection } from './sections.ts';

/**
 * The files that credentials are read from. @param settings a configuration, or what an app sets of its sections
 * @param env variables that name files, for the default app. Default: none
 */
export const credentialFiles = (
  settings: object,
  env: ProviderEnvironment = {},
  { rows }: ProviderTable = builtIn,
): string[] =>
  rows.flatMap(({ platform, settings: { files } }) => [
    ...(files?.((settings as Readonly<Record<string, PartialSection>>)[platform] ?? {}, env) ?? []),
  ]);

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
