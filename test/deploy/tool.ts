import { execFileSync } from 'node:child_process';

/** The first line of what a program says about itself; undefined where it is not installed. */
export function toolVersion(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0];
  } catch {
    return undefined;
  }
}

/** Tells why tests of a file do not run. @returns whether the tool is missing, for `test.skipIf`. */
export function missing(what: string, there: unknown): boolean {
  if (!there) console.warn(`not tested here: there is no ${what}`);
  return !there;
}

/** Whether packages can be had: their registry is asked for one line. */
export const registryAnswers = (): boolean =>
  toolVersion('npm', 'view', 'node@24', 'version', '--fetch-timeout=10000', '--fetch-retries=1') !== undefined;
