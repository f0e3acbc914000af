import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type MasterKeys, parseMasterKeys } from '../../apps/store/master-keys.ts';
import { makeFolder } from '../../kit/files/make-folder.ts';
import type { KeySources } from './hub-keys.ts';

const OWNER_ONLY = 0o600;
const KEY_BYTES = 32;

const newKey =
  (): string => `# The master key of the hub's store. What is sealed there cannot be opened without it: keep a copy.
${randomBytes(KEY_BYTES).toString('base64')}
`;

/** For a store in memory: a key that ends with it. */
export function keyInMemory(): Pick<KeySources, 'own' | 'makeOwn'> {
  const keys = parseMasterKeys(randomBytes(KEY_BYTES).toString('base64'), 'hub.path');
  return { own: () => keys, makeOwn: () => keys };
}

/**
 * The master key in `path`, for a store without one of the operator's. Made when it is first needed; the log says where it lies, and
 * never what is in it.
 */
export function keyFile(path: string, tell: (message: string) => void): Pick<KeySources, 'own' | 'makeOwn'> {
  const own = (): MasterKeys | undefined =>
    existsSync(path) ? parseMasterKeys(readFileSync(path, 'utf8'), path) : undefined;
  return {
    own,
    makeOwn() {
      makeFolder(dirname(path));
      writeFileSync(path, newKey(), { mode: OWNER_ONLY, flag: 'wx', flush: true });
      tell(`hub: a master key was made in ${path}; without it the hub's store cannot be read, so keep a copy of it`);
      return own() as MasterKeys;
    },
  };
}
