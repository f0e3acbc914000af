import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves when a stream takes more, or never will: what waits for it is then off the stream again, however often that is. */
export async function drained(stream: Writable): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(() => {});
  over.abort();
}
