import { ConnectionError } from '../connection-error.ts';
import { DEFAULT_MAX_FRAME, FRAME_HEADER, readUint31 } from './frames.ts';

export interface FrameSink {
  /** The payload is `bytes[start, end)`, only valid during the call. */
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
}

/**
 * Cuts chunks with arbitrary boundaries into frames. A frame that lies whole in a chunk is handed over in place; only one
 * that straddles chunks is copied, into the one buffer that a largest frame needs.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #straddling = Buffer.allocUnsafeSlow(FRAME_HEADER + DEFAULT_MAX_FRAME);
  #have = 0;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** No further frame is handed over, not even of the chunk being read. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws ConnectionError on a frame over the size limit, and what the sink throws. */
  read(chunk: Buffer): void {
    const size = chunk.length;
    let at = this.#have > 0 ? this.#complete(chunk) : 0;
    while (size - at >= FRAME_HEADER && !this.#stopped) {
      const length = frameLength(chunk, at);
      const next = at + FRAME_HEADER + length;
      if (next > size) break;
      this.#sink.onFrame(chunk[at + 3]!, chunk[at + 4]!, readUint31(chunk, at + 5), chunk, at + FRAME_HEADER, next);
      at = next;
    }
    if (at < size && !this.#stopped) {
      chunk.copy(this.#straddling, 0, at, size);
      this.#have = size - at;
    }
  }

  /** Adds to the straddling frame; returns how much of the chunk that took. */
  #complete(chunk: Buffer): number {
    const kept = this.#straddling;
    let at = 0;
    if (this.#have < FRAME_HEADER) {
      at = chunk.copy(kept, this.#have, 0, Math.min(FRAME_HEADER - this.#have, chunk.length));
      this.#have += at;
      if (this.#have < FRAME_HEADER) return at;
    }
    const end = FRAME_HEADER + frameLength(kept, 0);
    const taken = chunk.copy(kept, this.#have, at, Math.min(at + end - this.#have, chunk.length));
    this.#have += taken;
    if (this.#have === end) {
      this.#have = 0;
      this.#sink.onFrame(kept[3]!, kept[4]!, readUint31(kept, 5), kept, FRAME_HEADER, end);
    }
    return at + taken;
  }
}

function frameLength(bytes: Buffer, at: number): number {
  const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  if (length > DEFAULT_MAX_FRAME) throw new ConnectionError('FRAME_SIZE_ERROR', `a frame of ${length} bytes`);
  return length;
}
