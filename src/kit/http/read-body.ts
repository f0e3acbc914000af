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
  const body = new Gathered(Number(req.headers['content-length']));
  req.on('data', (chunk: Buffer) => {
    if (body.size + chunk.length > limit) refuse('too_large');
    else if (opened?.arrived(chunk.length) === false) refuse('no_room');
    else body.add(chunk);
  });
  req.on('end', () => {
    opened?.end();
    // A reset stream of HTTP/2 ends like a whole one.
    if (!req.aborted) done(body.whole());
  });
  // The client went away.
  if (opened) req.on('close', () => opened.end());
  req.on('error', () => {});
}

/**
 * What has arrived of a body, in one piece, which has the length that was announced from the second chunk on. Memory that was copied is given
 * back at once: until the next collection a body of a megabyte would be there twice.
 */
class Gathered {
  size = 0;
  readonly #announced: number;
  #piece: Buffer | undefined;

  /** @param announced bytes, NaN where it is unknown */
  constructor(announced: number) {
    this.#announced = announced;
  }

  add(chunk: Buffer): void {
    const size = this.size + chunk.length;
    if (!this.#piece) this.#piece = chunk;
    else {
      if (size > this.#piece.length) {
        const larger = Buffer.allocUnsafeSlow(size <= this.#announced ? this.#announced : 2 * size);
        move(this.#piece.subarray(0, this.size), larger, 0);
        this.#piece = larger;
      }
      move(chunk, this.#piece, this.size);
    }
    this.size = size;
  }

  whole(): Buffer {
    return this.#piece?.subarray(0, this.size) ?? Buffer.alloc(0);
  }
}

function move(from: Buffer, to: Buffer, at: number): void {
  to.set(from, at);
  giveBack(from);
}

/**
 * Gives the memory of bytes back at once, which would stay until V8 has found that they are not needed any more: once they have outlived two
 * collections of the young generation that is a long time. For who has them alone; bytes that share their memory with others stay.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer, length } = bytes;
  if (length > 0 && buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
