/** A TLS server that speaks HTTP/2 frame by frame, so that it can say what `node:http2` never would. */
import type net from 'node:net';
import tls from 'node:tls';
import { onTestFinished } from 'vitest';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PING,
  PREFACE,
  pingFrame,
  RST_STREAM,
  SETTINGS,
  settingsAckFrame,
  settingsFrame,
  WINDOW_UPDATE,
} from '../../src/http2/frames/frames.ts';
import { type Headers, peerDecoder } from './hpack/hpack-peer.ts';
import { leaf } from './tls.ts';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export interface Request {
  readonly id: number;
  readonly headers: Headers;
  readonly path: string;
  readonly body: Buffer;
}

export interface PeerScript {
  /** The first SETTINGS; `null`: none is sent. */
  readonly settings?: readonly (readonly [id: number, value: number])[] | null;
  readonly onConnection?: (connection: RawConnection) => void;
  /** A request's HEADERS are complete. */
  readonly onHeaders?: (connection: RawConnection, request: Request) => void;
  /** A request is complete. Default: 200 without a body. */
  readonly onRequest?: (connection: RawConnection, request: Request) => void;
  readonly onFrame?: (connection: RawConnection, frame: Frame) => void;
  /** Whether PINGs are answered. Default: true. */
  readonly answerPings?: boolean;
}

export interface RawPeer {
  readonly origin: string;
  readonly port: number;
  readonly connections: RawConnection[];
  /** The TCP sockets beneath them. */
  readonly sockets: net.Socket[];
}

export function rawFrame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array | readonly number[] = [],
): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, bytes]);
}

export const uint32 = (...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes;
    }),
  );

export const goaway = (lastId: number, code: number, debug = ''): Buffer =>
  rawFrame(GOAWAY, 0, 0, Buffer.concat([uint32(lastId, code), Buffer.from(debug)]));

/** Literals without indexing, without Huffman: a block that no state can change. */
export function literals(headers: Headers): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    const size = [0x7f];
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) size.push((rest & 127) | 128);
    return Buffer.concat([Buffer.from([...size, rest]), bytes]);
  };
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

const STATUS_200 = Buffer.from([0x88]);

export class RawConnection {
  readonly socket: tls.TLSSocket;
  readonly frames: Frame[] = [];
  readonly requests: Request[] = [];
  closed = false;
  readonly #script: PeerScript;
  readonly #decode = peerDecoder();
  readonly #open = new Map<number, { headers: Headers; block: Buffer[]; body: Buffer[]; ended: boolean }>();
  #buffered = Buffer.alloc(0);
  #greeted = false;

  constructor(socket: tls.TLSSocket, script: PeerScript) {
    this.socket = socket;
    this.#script = script;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    if (script.settings !== null) this.send(settingsFrame(script.settings ?? []));
    script.onConnection?.(this);
  }

  send(...frames: Buffer[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(frames));
  }

  /** A whole answer. `headers` are literals after `:status`. */
  respond(id: number, { status = 200, headers = [] as Headers, body = '' } = {}): void {
    const block = Buffer.concat([
      status === 200 ? STATUS_200 : literals([[':status', String(status)]]),
      literals(headers),
    ]);
    const end = body === '' ? END_STREAM : 0;
    this.send(
      rawFrame(HEADERS, END_HEADERS | end, id, block),
      ...(end ? [] : [rawFrame(DATA, END_STREAM, id, Buffer.from(body))]),
    );
  }

  settings(...settings: (readonly [id: number, value: number])[]): void {
    this.send(settingsFrame(settings));
  }

  reset(id: number, code: number): void {
    this.send(rawFrame(RST_STREAM, 0, id, uint32(code)));
  }

  windowUpdate(id: number, increment: number): void {
    this.send(rawFrame(WINDOW_UPDATE, 0, id, uint32(increment)));
  }

  ofType(type: number): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** The error code of the GOAWAY that the client sent, if it did. */
  get goawayCode(): number | undefined {
    return this.ofType(GOAWAY).at(-1)?.payload.readUInt32BE(4);
  }

  #read(chunk: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    if (!this.#greeted) {
      if (this.#buffered.length < PREFACE.length) return;
      if (!this.#buffered.subarray(0, PREFACE.length).equals(PREFACE)) throw new Error('no preface');
      this.#greeted = true;
      this.#buffered = this.#buffered.subarray(PREFACE.length);
    }
    while (this.#buffered.length >= 9) {
      const end = 9 + this.#buffered.readUIntBE(0, 3);
      if (this.#buffered.length < end) return;
      const [type, flags] = [this.#buffered[3] as number, this.#buffered[4] as number];
      const payload = this.#buffered.subarray(9, end);
      const frame = { type, flags, id: this.#buffered.readUInt32BE(5), payload };
      this.#buffered = this.#buffered.subarray(end);
      this.#onFrame(frame);
    }
  }

  #onFrame(frame: Frame): void {
    this.frames.push(frame);
    this.#script.onFrame?.(this, frame);
    const { type, flags, id, payload } = frame;
    if (type === SETTINGS && !(flags & ACK) && this.#script.settings !== null) this.send(settingsAckFrame());
    if (type === PING && !(flags & ACK) && this.#script.answerPings !== false) this.send(pingFrame(payload, true));
    if (type === HEADERS) {
      this.#open.set(id, { headers: [], block: [], body: [], ended: (flags & END_STREAM) !== 0 });
    }
    const stream = this.#open.get(id);
    if (!stream) return;
    if (type === HEADERS || type === CONTINUATION) {
      stream.block.push(payload);
      if (!(flags & END_HEADERS)) return;
      stream.headers = this.#decode(Buffer.concat(stream.block));
      this.#script.onHeaders?.(this, this.#request(id));
    } else if (type === DATA) {
      stream.body.push(payload);
      if (flags & END_STREAM) stream.ended = true;
    }
    if (stream.ended) this.#complete(id);
  }

  #request(id: number): Request {
    const { headers, body } = this.#open.get(id)!;
    return { id, headers, body: Buffer.concat(body), path: headers.find(([name]) => name === ':path')?.[1] ?? '' };
  }

  #complete(id: number): void {
    const request = this.#request(id);
    this.#open.delete(id);
    this.requests.push(request);
    if (this.#script.onRequest) this.#script.onRequest(this, request);
    else this.respond(id);
  }
}

/** A peer for one test. */
export async function startRawPeer(script: PeerScript = {}, options: tls.TlsOptions = {}): Promise<RawPeer> {
  const connections: RawConnection[] = [];
  const sockets: net.Socket[] = [];
  const server = tls.createServer({ ...leaf, ALPNProtocols: ['h2'], ...options }, (socket) => {
    connections.push(new RawConnection(socket, script));
  });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    for (const { socket } of connections) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const { port } = server.address() as net.AddressInfo;
  return { origin: `https://localhost:${port}`, port, connections, sockets };
}
