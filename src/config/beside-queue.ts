import { dirname, join } from 'node:path';

/** A queue, as far as its file counts. */
interface QueueFile {
  readonly engine: string;
  readonly local: { readonly path: string };
}

/**
 * Where a file of ours is that belongs to the queue: where the configuration says, else beside the queue file, and in memory (empty)
 * where that is. With a broker it is where its default says.
 */
export function besideQueue({ engine, local }: QueueFile, path: string, byDefault: string): string {
  if (path !== byDefault || engine !== 'local') return path;
  return local.path === '' ? '' : join(dirname(local.path), byDefault.slice(byDefault.lastIndexOf('/') + 1));
}
