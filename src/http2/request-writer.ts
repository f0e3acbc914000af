import { badRequest, type Cause } from './faults.ts';
import {
  CONTINUATION,
  DATA,
  DEFAULT_MAX_FRAME,
  DEFAULT_WINDOW,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  HEADERS,
  writeFrameHeader,
} from './frames/frames.ts';
import { encodeInteger, HpackEncoder } from './hpack/hpack-encoder.ts';
import type { RequestHeader, RequestTemplate } from './http2-pool.ts';
import type { Outbox } from './outbox.ts';
import { type RequestImage, renderImage, templateMistake } from './request-image.ts';
import type { RequestStream } from './request-stream.ts';

/** `:path` as a literal that stays out of the table (RFC 7541 section 6.2.2, name index 4), and the longest length after it. */
const PATH_LITERAL = 0x04;
const LENGTH_BYTES = 5;
/** Of a DATA frame, whatever the peer allows (Go: 1 MiB): what is encoded at once has to be held until it is written. */
const MOST_DATA = 32 * 1024;
/** Of a header block: no peer takes as much, and it cannot be held back by flow control. */
const MOST_BLOCK = 64 * 1024;

/**
 * Writes requests into the outbox. A template's header block is rendered once for a session, so that a request is a copy of
 * it with its own path and body. Owns the sending side of flow control: bodies wait here for both windows.
 */
export class RequestWriter {
  readonly encoder = new HpackEncoder();
  /** The connection's window, and what SETTINGS say. */
  window = DEFAULT_WINDOW;
  initialWindow = DEFAULT_WINDOW;
  maxFrame = DEFAULT_MAX_FRAME;
  /** Bytes of bodies. */
  sent = 0;

  readonly #outbox: Outbox;
  readonly #authority: RequestHeader;
  /** The image used last, and those of lists of headers that are still in use somewhere. */
  #image: RequestImage | undefined;
  readonly #images = new WeakMap<RequestTemplate['headers'], RequestImage>();
  /** Streams with a `pending` body, oldest first; those that ended meanwhile have none. */
  #unsent: RequestStream[] = [];

  constructor(outbox: Outbox, authority: string) {
    this.#outbox = outbox;
    this.#authority = { name: ':authority', value: authority, indexing: 'index' };
  }

  get #mostData(): number {
    return Math.min(this.maxFrame, MOST_DATA);
  }

  /** The connection's window is used up and bodies wait for it: a further request would only wait behind them. */
  get stalled(): boolean {
    return this.window <= 0 && this.#unsent.length > 0;
  }

  /**
   * Writes the stream's request, or as much as flow control allows. Returns why it cannot be written at all; then nothing
   * was. Throws what the burst throws, likewise.
   */
  write(stream: RequestStream): Cause | undefined {
    const { burst } = stream;
    const { template } = burst;
    const path = template.path === undefined ? burst.path(stream.index) : undefined;
    const body = template.body ?? burst.body(stream.index);
    const image = this.#imageFor(template);
    if (typeof image === 'string') return badRequest(image);

    const { before, after } = image;
    const block = blockRoom(image, path);
    const size = body.length;
    if (block > MOST_BLOCK) return badRequest(`the headers have more than ${MOST_BLOCK} bytes`);
    if (block > this.maxFrame || size > this.#mostData || size > this.window || size > this.initialWindow) {
      return this.#writeInParts(stream, image, path, body);
    }
    const outbox = this.#outbox;
    const start = outbox.reserve(block + size + 2 * FRAME_HEADER);
    const out = outbox.bytes;
    let at = copyShort(before, out, start + FRAME_HEADER);
    if (path !== undefined) {
      at = writePath(image, path, out, at);
      if (at < 0) return this.#refuse(start, image);
    }
    at = copyShort(after, out, at);
    const flags = size === 0 ? END_HEADERS | END_STREAM : END_HEADERS;
    writeFrameHeader(out, start, at - start - FRAME_HEADER, HEADERS, flags, stream.id);
    if (size > 0) {
      writeFrameHeader(out, at, size, DATA, END_STREAM, stream.id);
      out.set(body, at + FRAME_HEADER);
      at += FRAME_HEADER + size;
      this.#spend(stream, size);
    }
    outbox.length = at;
    return undefined;
  }

  /** Sends what the windows and the socket now allow of the bodies that wait. */
  sendBodies(): void {
    if (this.#unsent.length === 0) return;
    for (const stream of this.#unsent) {
      // Those behind it find no room either, and there may be a thousand of them for each frame that arrives.
      if (this.window <= 0 || this.#outbox.full) break;
      this.#sendBody(stream);
    }
    this.#unsent = this.#unsent.filter((stream) => stream.pending !== undefined);
  }

  /** By the list of headers, which many templates share; path and prefix are compared. */
  #imageFor(template: RequestTemplate): RequestImage | string {
    const last = this.#image;
    if (last?.template === template && last.revision === this.encoder.revision) return last;
    const known = this.#images.get(template.headers);
    const same = known !== undefined && isSamePath(known.template, template);
    if (same && known.revision === this.encoder.revision) {
      this.#image = known;
      return known;
    }
    const mistake = same ? undefined : templateMistake(template);
    if (mistake !== undefined) return mistake;
    this.#image = renderImage(template, this.#authority, this.encoder);
    this.#images.set(template.headers, this.#image);
    return this.#image;
  }

  #refuse(start: number, image: RequestImage): Cause {
    this.#outbox.length = start;
    if (image.once) this.encoder.forget();
    return badRequest('the path has characters that a path cannot have');
  }

  /** The general case: a header block larger than a frame, a body larger than a frame or than a window. */
  #writeInParts(
    stream: RequestStream,
    image: RequestImage,
    path: string | undefined,
    body: Uint8Array,
  ): Cause | undefined {
    const block = Buffer.alloc(blockRoom(image, path));
    let end = copyShort(image.before, block, 0);
    if (path !== undefined) {
      end = writePath(image, path, block, end);
      if (end < 0) return this.#refuse(this.#outbox.length, image);
    }
    end = copyShort(image.after, block, end);
    this.#writeBlock(stream.id, block.subarray(0, end), body.length === 0);
    if (body.length === 0) return undefined;
    // The burst may use one buffer for all its bodies; the template's own stays as it is.
    stream.pending = body === stream.burst.template.body ? body : Buffer.from(body);
    this.#unsent.push(stream);
    this.sendBodies();
    return undefined;
  }

  #writeBlock(id: number, block: Uint8Array, endStream: boolean): void {
    for (let at = 0; at === 0 || at < block.length; at += this.maxFrame) {
      const part = block.subarray(at, at + this.maxFrame);
      const last = at + this.maxFrame >= block.length;
      const flags = (last ? END_HEADERS : 0) | (at === 0 && endStream ? END_STREAM : 0);
      this.#writeFrame(at === 0 ? HEADERS : CONTINUATION, flags, id, part);
    }
  }

  #sendBody(stream: RequestStream): void {
    while (stream.pending !== undefined && !this.#outbox.full) {
      const { pending } = stream;
      const size = Math.min(pending.length, this.#mostData, this.window, this.initialWindow + stream.credit);
      if (size <= 0) return;
      const last = size === pending.length;
      this.#writeFrame(DATA, last ? END_STREAM : 0, stream.id, pending.subarray(0, size));
      this.#spend(stream, size);
      stream.pending = last ? undefined : pending.subarray(size);
    }
  }

  #spend(stream: RequestStream, size: number): void {
    this.window -= size;
    this.sent += size;
    stream.credit -= size;
  }

  #writeFrame(type: number, flags: number, id: number, payload: Uint8Array): void {
    const at = this.#outbox.reserve(FRAME_HEADER + payload.length);
    writeFrameHeader(this.#outbox.bytes, at, payload.length, type, flags, id);
    this.#outbox.bytes.set(payload, at + FRAME_HEADER);
  }
}

/** For the few bytes of an indexed block a loop is faster than a call into `set`. */
function copyShort(from: Uint8Array, to: Uint8Array, at: number): number {
  const size = from.length;
  if (size > 64) to.set(from, at);
  else for (let i = 0; i < size; i++) to[at + i] = from[i]!;
  return at + size;
}

/** At least what the header block takes. */
function blockRoom({ before, pathPrefix, after }: RequestImage, path: string | undefined): number {
  const fixed = before.length + after.length;
  return path === undefined ? fixed : fixed + 1 + LENGTH_BYTES + pathPrefix.length + path.length;
}

const isSamePath = (a: RequestTemplate, b: RequestTemplate): boolean =>
  a.path === b.path && a.pathPrefix === b.pathPrefix && a.plainPaths === b.plainPaths;

const visible = /^[\x21-\x7e]*$/;

/**
 * Writes the path; returns the offset after it, or -1 when it is not a path. The check comes first because it flattens
 * a concatenated string faster than the write does; both as native calls take a third of a loop's time.
 */
function writePath({ pathPrefix: prefix, plainPaths }: RequestImage, path: string, out: Buffer, start: number): number {
  if (!plainPaths && !visible.test(path)) return -1;
  let at = start;
  const size = prefix.length + path.length;
  out[at++] = PATH_LITERAL;
  if (size < 127) {
    out[at++] = size;
  } else {
    const length: number[] = [];
    encodeInteger(size, 7, 0, length);
    for (const byte of length) out[at++] = byte;
  }
  const first = at;
  at = copyShort(prefix, out, at);
  at += out.write(path, at, 'latin1');
  return out[first] === 0x2f /* / */ ? at : -1;
}
