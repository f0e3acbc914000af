import type { IncomingMessage } from 'node:http';

/** Calls back once: with the body, with `null` when it is longer than `limit` bytes, never when the client went away. */
export function readBody(req: IncomingMessage, limit: number, done: (body: Buffer | null) => void): void {
  const announced = Number(req.headers['content-length']);
  if (announced > limit) {
    // The rest is read and forgotten: a client that is still sending when the connection closes never sees the answer.
    req.resume();
    done(null);
    return;
  }
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let size = 0;
  req.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) {
      req.removeAllListeners('data');
      req.removeAllListeners('end');
      req.resume();
      done(null);
    } else if (!first) first = chunk;
    else if (chunks) chunks.push(chunk);
    else chunks = [first, chunk];
  });
  req.on('end', () => {
    // A reset stream of HTTP/2 ends like a whole one.
    if (!req.aborted) done(chunks ? Buffer.concat(chunks, size) : (first ?? Buffer.alloc(0)));
  });
  req.on('error', () => {});
}
