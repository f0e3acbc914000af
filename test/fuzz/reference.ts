/**
 * What a client has to make of a server's bytes, written down a second time: rule by rule from RFC 9113, over a whole
 * buffer, without regard for speed. It shares only the HPACK decoder with the client, which is compared with another
 * implementation elsewhere.
 */
import { ConnectionError } from '../../src/http2/connection-error.ts';
import type { ErrorName } from '../../src/http2/frames/frames.ts';
import { HpackDecoder } from '../../src/http2/hpack/hpack-decoder.ts';

export interface Verdict {
  /** The codes with which the connection may be closed; none: it must not be. */
  readonly codes: readonly ErrorName[];
  /** By stream id: `answered <status> <body>`, `refused`, `fault`, or absent while it is open. */
  readonly outcomes: ReadonlyMap<number, string>;
  /** After GOAWAY nothing was left to wait for: the client closes, and whether it reads on depends on the chunks. */
  readonly finished: boolean;
}

class Violation extends Error {
  readonly codes: readonly ErrorName[];
  constructor(...codes: ErrorName[]) {
    super(codes.join());
    this.codes = codes;
  }
}

interface Stream {
  status: number;
  length: string | undefined;
  body: Buffer[];
  credit: number;
}

const MAX = 0x7fff_ffff;

export function reference(bytes: Buffer, streams: number, bodySize: number): Verdict {
  const model = new Model(streams, bodySize);
  let codes: readonly ErrorName[] = [];
  try {
    model.read(bytes);
  } catch (error) {
    if (error instanceof Violation) codes = error.codes;
    else if (error instanceof ConnectionError) codes = [error.errorName];
    else throw error;
  }
  return { codes, outcomes: model.outcomes, finished: model.finished };
}

class Model {
  readonly outcomes = new Map<number, string>();
  finished = false;
  readonly #highest: number;
  readonly #open = new Map<number, Stream>();
  readonly #reset = new Set<number>();
  readonly #decoder = new HpackDecoder(64 * 1024);
  #window: number;
  #initialWindow = 65_535;
  #goawayId: number | undefined;
  #block: { id: number; flags: number; bytes: Buffer } | undefined;

  constructor(streams: number, bodySize: number) {
    this.#highest = 2 * streams - 1;
    this.#window = 65_535 - streams * bodySize;
    for (let id = 1; id <= this.#highest; id += 2) {
      this.#open.set(id, { status: 0, length: undefined, body: [], credit: -bodySize });
    }
  }

  read(bytes: Buffer): void {
    for (let at = 0; bytes.length - at >= 9; ) {
      const length = bytes.readUIntBE(at, 3);
      if (length > 16_384) throw new Violation('FRAME_SIZE_ERROR');
      const end = at + 9 + length;
      if (end > bytes.length) return;
      this.#frame(bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5) & MAX, bytes.subarray(at + 9, end));
      at = end;
      if (this.#goawayId !== undefined && this.#open.size === 0) this.finished = true;
    }
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#block && (type !== 9 || id !== this.#block.id)) throw new Violation('PROTOCOL_ERROR');
    if ([4, 6, 7].includes(type) && id !== 0) throw new Violation('PROTOCOL_ERROR', 'FRAME_SIZE_ERROR');
    if ([0, 1, 2, 3, 5, 9].includes(type) && id === 0) throw new Violation('PROTOCOL_ERROR', 'FRAME_SIZE_ERROR');
    switch (type) {
      case 0:
        this.#data(flags, id, payload);
        return;
      case 1:
        this.#headers(flags, id, payload);
        return;
      case 2:
        if (payload.length !== 5) throw new Violation('FRAME_SIZE_ERROR');
        return;
      case 3:
        this.#rst(id, payload);
        return;
      case 4:
        this.#settings(flags, payload);
        return;
      case 5:
        throw new Violation('PROTOCOL_ERROR');
      case 6:
        if (payload.length !== 8) throw new Violation('FRAME_SIZE_ERROR');
        return;
      case 7:
        this.#goaway(payload);
        return;
      case 8:
        this.#windowUpdate(id, payload);
        return;
      case 9:
        this.#continuation(flags, payload);
        return;
    }
  }

  #unpadded(flags: number, payload: Buffer, priority: boolean): Buffer {
    let [from, to] = [0, payload.length];
    if (flags & 8) {
      if (payload.length === 0) throw new Violation('PROTOCOL_ERROR', 'FRAME_SIZE_ERROR');
      to -= payload[0]!;
      from = 1;
    }
    if (priority && flags & 0x20) from += 5;
    if (from > to) throw new Violation('PROTOCOL_ERROR', 'FRAME_SIZE_ERROR');
    return payload.subarray(from, to);
  }

  /** The open stream, or undefined for one that was reset; anything else is a violation. */
  #stream(id: number): Stream | undefined {
    if (id % 2 === 0 || id > this.#highest) throw new Violation('PROTOCOL_ERROR');
    const stream = this.#open.get(id);
    if (!stream && !this.#reset.has(id)) throw new Violation('STREAM_CLOSED');
    return stream;
  }

  #data(flags: number, id: number, payload: Buffer): void {
    const body = this.#unpadded(flags, payload, false);
    const stream = this.#stream(id);
    if (!stream) return;
    if (stream.status === 0) {
      this.#fault(id);
      return;
    }
    stream.body.push(body);
    if (flags & 1) this.#answered(id, stream);
  }

  #headers(flags: number, id: number, payload: Buffer): void {
    const block = this.#unpadded(flags, payload, true);
    if (id % 2 === 0 || id > this.#highest) throw new Violation('PROTOCOL_ERROR');
    if (flags & 4) this.#wholeBlock(flags, id, block);
    else this.#block = { id, flags, bytes: block };
  }

  #continuation(flags: number, payload: Buffer): void {
    if (!this.#block) throw new Violation('PROTOCOL_ERROR');
    this.#block.bytes = Buffer.concat([this.#block.bytes, payload]);
    if (!(flags & 4)) return;
    const block = this.#block;
    this.#block = undefined;
    this.#wholeBlock(block.flags, block.id, block.bytes);
  }

  #wholeBlock(flags: number, id: number, block: Buffer): void {
    const headers: [string, string][] = [];
    this.#decoder.decode(block, 0, block.length, { onHeader: (name, value) => headers.push([name, value]) });
    const stream = this.#stream(id);
    if (!stream) return;
    const end = (flags & 1) === 1;
    const pseudo = headers.filter(([name]) => name.startsWith(':'));
    const regular = headers.filter(([name]) => !name.startsWith(':'));
    const banned = /^(connection|proxy-connection|keep-alive|transfer-encoding|upgrade|)$|[A-Z]/;
    if (regular.some(([name]) => banned.test(name))) {
      this.#fault(id);
      return;
    }
    if (headers.slice(pseudo.length).some(([name]) => name.startsWith(':'))) {
      this.#fault(id);
      return;
    }
    if (stream.status !== 0) {
      if (pseudo.length > 0 || !end) {
        this.#fault(id);
        return;
      }
      this.#answered(id, stream);
      return;
    }
    const [status] = pseudo;
    if (pseudo.length !== 1 || status?.[0] !== ':status' || !/^[1-9]\d\d$/.test(status[1])) {
      this.#fault(id);
      return;
    }
    if (status[1].startsWith('1')) {
      if (end || status[1] === '101') this.#fault(id);
      return;
    }
    stream.status = Number(status[1]);
    const lengths = regular.filter(([name]) => name === 'content-length').map(([, value]) => value);
    stream.length = lengths.length > 0 ? lengths.join(', ') : undefined;
    if (end) this.#answered(id, stream);
  }

  #rst(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new Violation('FRAME_SIZE_ERROR', 'PROTOCOL_ERROR');
    if (id % 2 === 0 || id > this.#highest) throw new Violation('PROTOCOL_ERROR');
    if (!this.#open.has(id)) return;
    if (payload.readUInt32BE() === 7) this.#end(id, 'refused');
    else this.#end(id, 'fault');
    this.#reset.add(id);
  }

  #settings(flags: number, payload: Buffer): void {
    if (flags & 1) {
      if (payload.length > 0) throw new Violation('FRAME_SIZE_ERROR');
      return;
    }
    if (payload.length % 6 !== 0) throw new Violation('FRAME_SIZE_ERROR');
    for (let at = 0; at < payload.length; at += 6) {
      const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
      if (id === 2 && value !== 0) throw new Violation('PROTOCOL_ERROR');
      if (id === 5 && (value < 16_384 || value > 0xff_ffff)) throw new Violation('PROTOCOL_ERROR');
      if (id !== 4) continue;
      if (value > MAX) throw new Violation('FLOW_CONTROL_ERROR');
      this.#initialWindow = value;
    }
    for (const { credit } of this.#open.values()) {
      if (credit + this.#initialWindow > MAX) throw new Violation('FLOW_CONTROL_ERROR');
    }
  }

  #goaway(payload: Buffer): void {
    if (payload.length < 8) throw new Violation('FRAME_SIZE_ERROR');
    this.#goawayId = Math.min(payload.readUInt32BE() & MAX, this.#goawayId ?? MAX);
    for (const id of [...this.#open.keys()]) {
      if (id <= this.#goawayId) continue;
      this.#end(id, 'refused');
      this.#reset.add(id);
    }
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new Violation('FRAME_SIZE_ERROR');
    const increment = payload.readUInt32BE() & MAX;
    if (id === 0) {
      if (increment === 0) throw new Violation('PROTOCOL_ERROR');
      this.#window += increment;
      if (this.#window > MAX) throw new Violation('FLOW_CONTROL_ERROR');
      return;
    }
    if (id % 2 === 0 || id > this.#highest) throw new Violation('PROTOCOL_ERROR');
    const stream = this.#open.get(id);
    if (!stream) return;
    stream.credit += increment;
    if (increment === 0 || stream.credit + this.#initialWindow > MAX) this.#fault(id);
  }

  #answered(id: number, stream: Stream): void {
    const body = Buffer.concat(stream.body);
    if (stream.length !== undefined && Number(stream.length) !== body.length) this.#fault(id);
    else this.#end(id, `answered ${stream.status} ${body.toString('hex')}`);
  }

  /** A stream error: the client resets the stream. */
  #fault(id: number): void {
    this.#end(id, 'fault');
    this.#reset.add(id);
  }

  #end(id: number, outcome: string): void {
    this.#open.delete(id);
    this.outcomes.set(id, outcome);
  }
}
