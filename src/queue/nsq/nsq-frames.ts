/** The types of nsqd's frames. */
export const FRAME = { response: 0, error: 1, message: 2 } as const;

export interface NsqFrame {
  readonly type: number;
  readonly data: Buffer;
}

export interface NsqMessage {
  readonly id: string;
  /** UNIX milliseconds at which it was published. */
  readonly at: number;
  /** How often it was handed out, this time included. */
  readonly attempts: number;
  readonly body: Buffer;
}

/** A frame larger than any that nsqd sends by default settings, or by generous ones. */
const LARGEST = 256 * 1024 * 1024;
const HEAD = 8;

/** Cuts nsqd's byte stream into frames: size (4 bytes, type included), type (4 bytes), data. */
export class NsqFrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  /** @throws when the stream does not come from nsqd. */
  *push(chunk: Buffer): Generator<NsqFrame> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (;;) {
      if (this.#length < HEAD) return;
      const size = this.#peek(HEAD).readInt32BE(0);
      if (size < 4 || size > LARGEST) throw new Error(`not an nsqd: a frame of ${size} bytes`);
      if (this.#length < size + 4) return;
      const whole = this.#peek(size + 4);
      yield { type: whole.readInt32BE(4), data: whole.subarray(HEAD, size + 4) };
      const [first] = this.#chunks;
      this.#length -= size + 4;
      this.#chunks =
        first && first.length > size + 4 ? [first.subarray(size + 4), ...this.#chunks.slice(1)] : this.#chunks.slice(1);
    }
  }

  /** The first chunk, made to hold at least `size` bytes. */
  #peek(size: number): Buffer {
    const [first] = this.#chunks;
    if (first && first.length >= size) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

/** Timestamp in nanoseconds (8 bytes), attempts (2), id (16), body. */
export const readMessage = (data: Buffer): NsqMessage => ({
  at: Number(data.readBigInt64BE(0) / 1_000_000n),
  attempts: data.readUInt16BE(8),
  id: data.toString('latin1', 10, 26),
  body: data.subarray(26),
});

/** A command line, with a body where the command has one. */
export function command(line: string, body?: Uint8Array): Buffer {
  const text = Buffer.from(`${line}\n`);
  return body === undefined ? text : Buffer.concat([text, sized(body)]);
}

/** The body of MPUB: count, then each message with its size. */
export const messageList = (bodies: readonly Uint8Array[]): Buffer =>
  Buffer.concat([int32(bodies.length), ...bodies.map(sized)]);

const sized = (body: Uint8Array): Buffer => Buffer.concat([int32(body.length), body]);

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
