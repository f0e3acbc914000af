import type { IncomingMessage } from 'node:http';
import type { BodyRoom, OpenBody } from './body-room.ts';

/** Why a body was not read to its end. */
export type BodyRefusal = 'too_large' | 'no_room' | 'too_slow';

export interface ReadBodyOptions {
  /** Bytes. */
  readonly limit: number;
  /** The room that all bodies share, and whose part of it this one takes; absent: as much as there is. */
  readonly room?: { readonly of: BodyRoom; readonly who: string } | undefined;
}

/** Calls back once: with the body, or why there is none; never when the client went away. */
export function readBody(
  req: IncomingMessage,
  { limit, room }: ReadBodyOptions,
  done: (body: Buffer | BodyRefusal) => void,
): void {
  if (Number(req.headers['content-length']) > limit) {
    // The rest is read and forgotten: a client that is still sending when the connection closes never sees the answer.
    req.resume();
    done('too_large');
    return;
  }
  const refuse = (why: BodyRefusal): void => {
    opened?.end();
    req.removeAllListeners('data');
    req.removeAllListeners('end');
    req.resume();
    done(why);
  };
  const opened: OpenBody | undefined = room?.of.open(room.who, req.socket, () => refuse('too_slow'));
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let size = 0;
  req.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) refuse('too_large');
    else if (opened?.arrived(chunk.length) === false) refuse('no_room');
    else if (!first) first = chunk;
    else if (chunks) chunks.push(chunk);
    else chunks = [first, chunk];
  });
  req.on('end', () => {
    opened?.end();
    // A reset stream of HTTP/2 ends like a whole one.
    if (!req.aborted) done(chunks ? Buffer.concat(chunks, size) : (first ?? Buffer.alloc(0)));
  });
  // The client went away.
  if (opened) req.on('close', () => opened.end());
  req.on('error', () => {});
}
