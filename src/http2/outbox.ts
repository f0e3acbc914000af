import type { Duplex } from 'node:stream';

/** Bytes that requests may fill between two writes; control frames may go beyond. */
const CAPACITY = 128 * 1024;
/** Buffers kept for reuse: one being written, one being filled. */
const SPARES = 2;

/**
 * Everything for the socket is encoded into one buffer, which goes out as one write at the end of the event-loop turn. While
 * the socket does not take more (`blocked`), nothing but control frames is added. Buffers are reused once written.
 */
export class Outbox {
  /** Encode here from the offset that `reserve` returned; refetch after each `reserve`. */
  bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY);
  length = 0;
  /** The last write returned false, and `drain` has not come. */
  blocked = false;

  readonly #socket: Duplex;
  readonly #spares: Buffer[] = [];

  constructor(socket: Duplex, onDrain: () => void) {
    this.#socket = socket;
    socket.on('drain', () => {
      this.blocked = false;
      onDrain();
    });
  }

  /** Whether a further request should wait for the next write. */
  get full(): boolean {
    return this.blocked || this.length >= CAPACITY / 2;
  }

  /** Makes room for `size` bytes and returns their offset. Set `length` back when fewer were needed. */
  reserve(size: number): number {
    const at = this.length;
    if (at + size > this.bytes.length) this.#grow(at + size);
    this.length = at + size;
    return at;
  }

  append(frame: Uint8Array): void {
    const at = this.reserve(frame.length);
    this.bytes.set(frame, at);
  }

  /** One write of all there is. False when it must wait. */
  flush(): boolean {
    if (this.length === 0) return true;
    if (this.blocked || !this.#socket.writable) return false;
    const written = this.bytes;
    this.blocked = !this.#socket.write(written.subarray(0, this.length), () => {
      if (written.length === CAPACITY && this.#spares.length < SPARES) this.#spares.push(written);
    });
    this.bytes = this.#spares.pop() ?? Buffer.allocUnsafeSlow(CAPACITY);
    this.length = 0;
    return true;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
