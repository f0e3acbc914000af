import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { trialRun } from '../bundle/trial-run.ts';

/**
 * V8's code caches of what runs while a relay starts and sends: without them each start compiles it again.
 * @param command an executable that records: start.cjs @param folder to be made
 * @returns assets of the executable that is shipped
 */
export async function recordCodeCaches(
  command: readonly [string, ...string[]],
  folder: string,
): Promise<Record<string, string>> {
  await trialRun(command, folder);
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
  return Object.fromEntries(names.map((name) => [`cache/${name}`, join(folder, name)]));
}
