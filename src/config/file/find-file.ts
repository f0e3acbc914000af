import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const NAMES = ['config.json', 'config.yaml', 'config.yml', 'config'];

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The configuration file where Gorush looks for it: /etc/gorush, then $HOME/.gorush, then the working folder. */
export function findConfigFile(cwd: string, home: string | undefined, system = '/etc/gorush'): string | undefined {
  const folders = [system, ...(home ? [join(home, '.gorush')] : []), cwd];
  return folders.flatMap((folder) => NAMES.map((name) => resolve(folder, name))).find(isFile);
}
