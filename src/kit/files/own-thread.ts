import { extname } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { assetOf, readOwnFile } from './own-file.ts';

/**
 * A thread of this program, with none of the flags of its process.
 * @param name of its module, without its ending, relative to `base`
 * @param base `import.meta.url` of the one that starts it: the ending is the same, `.ts` from the sources, `.js` from dist
 */
export function startOwnThread(name: string, base: string, options: WorkerOptions): Worker {
  const url = new URL(`${name}${extname(base)}`, base);
  if (assetOf(url) === undefined) return new Worker(url, { ...options, execArgv: [] });
  return new Worker(readOwnFile(url), { ...options, execArgv: [], eval: true });
}
