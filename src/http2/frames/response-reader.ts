import { ConnectionError } from '../connection-error.ts';
import type { FloodGuard } from '../flood-guard.ts';
import { HpackDecoder } from '../hpack/hpack-decoder.ts';
import type { Outbox } from '../outbox.ts';
import type { RequestStream } from '../request-stream.ts';
import type { StreamOutcomes } from '../stream-outcomes.ts';
import type { StreamTable } from '../stream-table.ts';
import { END_HEADERS, END_STREAM, HAS_PRIORITY, PADDED, windowUpdateFrame } from './frames.ts';
import { ResponseHead } from './response-head.ts';

/** What a peer may send ahead, in bytes: on a stream, and on all together. */
export const STREAM_WINDOW = 128 * 1024;
export const CONNECTION_WINDOW = 16 * 1024 * 1024;
/** The largest body, and all bodies of which parts have arrived: providers' answers are a few kilobytes. */
const MAX_BODY = 512 * 1024;
const MAX_HELD = 64 * 1024 * 1024;
/** Advertised as SETTINGS_MAX_HEADER_LIST_SIZE, and enforced for the encoded block too. */
export const MAX_HEADER_LIST = 64 * 1024;
const MAX_CONTINUATIONS = 32;
/** A body in parts smaller than this costs more to keep than to send. */
const SMALL_PART = 256;
/** Longer header blocks are not worth comparing. */
const CACHED_BLOCK = 64;

const EMPTY = Buffer.alloc(0);

interface OpenBlock {
  readonly id: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  size: number;
}

/**
 * Reads HEADERS, CONTINUATION and DATA of the streams in the table. Owns the HPACK decoder and the receiving side of flow
 * control. Throws ConnectionError.
 */
export class ResponseReader {
  readonly #table: StreamTable;
  readonly #outbox: Outbox;
  readonly #guard: FloodGuard;
  readonly #outcomes: StreamOutcomes;
  readonly #decoder = new HpackDecoder(MAX_HEADER_LIST);

  #block: OpenBlock | undefined;
  #head = new ResponseHead();
  // The last block that did not change the decoder's table, and what it decodes to while nothing else does.
  #cached = new ResponseHead();
  #cachedRevision = -1;
  readonly #cachedBytes = Buffer.allocUnsafeSlow(CACHED_BLOCK);
  #cachedSize = 0;

  /** Bytes received for which no WINDOW_UPDATE of the connection was sent. */
  #unreturned = 0;

  constructor(table: StreamTable, outbox: Outbox, guard: FloodGuard, outcomes: StreamOutcomes) {
    this.#table = table;
    this.#outbox = outbox;
    this.#guard = guard;
    this.#outcomes = outcomes;
  }

  /** A header block has begun: only CONTINUATION may follow. */
  get inBlock(): boolean {
    return this.#block !== undefined;
  }

  onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (!this.#table.wasOpened(id)) throw new ConnectionError('PROTOCOL_ERROR', `HEADERS for stream ${id}`);
    let from = start;
    let to = end;
    if (flags & (PADDED | HAS_PRIORITY)) {
      if (flags & PADDED) {
        to -= bytes[from] ?? 0;
        from += 1;
      }
      if (flags & HAS_PRIORITY) from += 5;
      if (from > to) throw new ConnectionError('PROTOCOL_ERROR', 'padding larger than its HEADERS frame');
    }
    const endStream = (flags & END_STREAM) !== 0;
    if (flags & END_HEADERS) {
      this.#onBlock(id, endStream, bytes, from, to);
      return;
    }
    this.#block = { id, endStream, parts: [Buffer.from(bytes.subarray(from, to))], size: to - from };
  }

  onContinuation(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block;
    if (!block || block.id !== id) throw new ConnectionError('PROTOCOL_ERROR', 'CONTINUATION without its HEADERS');
    block.parts.push(Buffer.from(bytes.subarray(start, end)));
    block.size += end - start;
    if (block.size > MAX_HEADER_LIST || block.parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionError('ENHANCE_YOUR_CALM', 'a header block without end');
    }
    if (!(flags & END_HEADERS)) return;
    this.#block = undefined;
    const whole = Buffer.concat(block.parts);
    this.#onBlock(id, block.endStream, whole, 0, whole.length);
  }

  onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.#unreturned += size;
    if (this.#unreturned > CONNECTION_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', 'more data than allowed');
    if (this.#unreturned >= CONNECTION_WINDOW / 4) this.#replenish();
    let from = start;
    let to = end;
    if (flags & PADDED) {
      to -= bytes[from] ?? 0;
      from += 1;
      if (from > to) throw new ConnectionError('PROTOCOL_ERROR', 'padding larger than its DATA frame');
    }
    const stream = this.#table.get(id);
    if (stream === undefined) {
      this.onStray(id, 'DATA');
      return;
    }
    stream.unreturned += size;
    if (stream.unreturned > STREAM_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', 'more data than allowed');
    if (stream.status === 0) {
      this.#outcomes.malformed(stream, 'a body before its headers');
      return;
    }
    if (flags & END_STREAM) {
      this.#lastPart(stream, bytes, from, to);
      return;
    }
    if (to - from < SMALL_PART) this.#guard.nuisance('small DATA');
    this.#part(stream, bytes, from, to);
  }

  /** A frame for a stream that is not open. */
  onStray(id: number, what: string): void {
    if (!this.#table.wasOpened(id)) throw new ConnectionError('PROTOCOL_ERROR', `${what} for stream ${id}`);
    if (!this.#table.wasReset(id)) throw new ConnectionError('STREAM_CLOSED', `${what} after the end of stream ${id}`);
    this.#guard.nuisance(what);
  }

  #onBlock(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    const head = this.#decode(bytes, start, end);
    const stream = this.#table.get(id);
    if (stream === undefined) {
      this.onStray(id, 'HEADERS');
      return;
    }
    if (stream.status !== 0) {
      if (!endStream || head.status !== 0 || head.malformed) this.#outcomes.malformed(stream, 'invalid trailers');
      else this.#lastPart(stream, EMPTY, 0, 0);
    } else if (head.malformed || head.status === 0) {
      this.#outcomes.malformed(stream, 'invalid headers');
    } else if (head.status < 200) {
      if (endStream || head.status === 101) this.#outcomes.malformed(stream, 'an informational answer as the last one');
      else this.#guard.nuisance('informational HEADERS');
    } else {
      stream.status = head.status;
      stream.headers = head.headers;
      if (endStream) this.#lastPart(stream, EMPTY, 0, 0);
    }
  }

  /** Answers of one burst mostly have the same bytes for headers. */
  #decode(bytes: Buffer, start: number, end: number): ResponseHead {
    if (this.#isCached(bytes, start, end)) return this.#cached;
    const head = this.#head;
    const { revision } = this.#decoder;
    head.reset();
    this.#decoder.decode(bytes, start, end, head);
    if (this.#decoder.revision !== revision || end - start > CACHED_BLOCK) return head;
    this.#head = this.#cached;
    this.#cached = head;
    this.#cachedRevision = revision;
    this.#cachedSize = bytes.copy(this.#cachedBytes, 0, start, end);
    return head;
  }

  #isCached(bytes: Buffer, start: number, end: number): boolean {
    if (end - start !== this.#cachedSize || this.#decoder.revision !== this.#cachedRevision) return false;
    const cached = this.#cachedBytes;
    for (let i = 0, at = start; at < end; i++, at++) if (bytes[at] !== cached[i]) return false;
    return true;
  }

  #part(stream: RequestStream, bytes: Buffer, from: number, to: number): void {
    stream.received += to - from;
    if (stream.received > MAX_BODY) {
      this.#outcomes.malformed(stream, `a body of more than ${MAX_BODY} bytes`);
      return;
    }
    if (to > from) {
      stream.chunks ??= [];
      stream.chunks.push(Buffer.from(bytes.subarray(from, to)));
      stream.held += to - from;
      this.#table.heldBytes += to - from;
      if (this.#table.heldBytes > MAX_HELD)
        throw new ConnectionError('ENHANCE_YOUR_CALM', 'too many unfinished answers');
    }
    if (stream.unreturned < STREAM_WINDOW / 2) return;
    this.#outbox.append(windowUpdateFrame(stream.id, stream.unreturned));
    stream.unreturned = 0;
  }

  #lastPart(stream: RequestStream, bytes: Buffer, from: number, to: number): void {
    stream.received += to - from;
    const promised = stream.headers['content-length'];
    if (promised !== undefined && Number(promised) !== stream.received) {
      this.#outcomes.malformed(stream, 'a body that is not as long as announced');
      return;
    }
    this.#guard.answered();
    if (stream.chunks === undefined) {
      this.#outcomes.answered(stream, bytes, from, to);
      return;
    }
    const body = Buffer.concat([...stream.chunks, bytes.subarray(from, to)]);
    this.#outcomes.answered(stream, body, 0, body.length);
  }

  #replenish(): void {
    this.#outbox.append(windowUpdateFrame(0, this.#unreturned));
    this.#unreturned = 0;
  }
}
