import { delimiter, dirname, relative, resolve } from 'node:path';

export interface OwnCommandFacts {
  /** As the launcher was called (`bin/martlet`); undefined: Node was given main.ts by hand, or by `npm start`. */
  readonly calledAs: string | undefined;
  /** The launcher beside this code; undefined: there is none, as in an image. */
  readonly launcher: string | undefined;
  readonly cwd: string;
  /** PATH of the environment. */
  readonly searchPath: string | undefined;
}

/** What to type for `martlet`, from the folder of this process: `martlet` where that is on the PATH, else a path. */
export function ownCommand({ calledAs, launcher, cwd, searchPath = '' }: OwnCommandFacts): string {
  const file = calledAs ?? launcher;
  if (file === undefined) return 'martlet';
  const path = resolve(cwd, file);
  if (searchPath.split(delimiter).includes(dirname(path))) return 'martlet';
  const near = relative(cwd, path);
  const shown = near.startsWith('..') ? path : near.includes('/') ? near : `./${near}`;
  return /[^\w./@+-]/.test(shown) ? `'${shown.replaceAll("'", "'\\''")}'` : shown;
}
