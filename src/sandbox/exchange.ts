import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';

export type AnswerHeaders = Record<string, string | number>;

/** One request, read to its end, and the ways in which a peer can treat it. Calls on a closed request do nothing. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as received, repeats included. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** The same object for all requests of one connection. */
  readonly connection: object;
  /** CN of the client's certificate, if it showed one. */
  readonly clientName: string | undefined;
  respond(status: number, headers?: AnswerHeaders, body?: string): void;
  /** RST_STREAM with an HTTP/2 error code; on HTTP/1.1 the connection ends. */
  reset(code: number): void;
  /** Resets the connection without a word. */
  cut(): void;
  /** Refuses this request as unprocessed (REFUSED_STREAM) and ends its connection with GOAWAY; what is open is still served. */
  goAway(reason: string): void;
}

const clientName = (socket: unknown): string | undefined => {
  const subject = (socket as Partial<TLSSocket> | undefined)?.getPeerCertificate?.()?.subject?.CN;
  return Array.isArray(subject) ? subject[0] : subject;
};

function sendGoAway(stream: ServerHttp2Stream, reason: string): void {
  const { session } = stream;
  // Of the streams before it some may have been served: only this one is refused, and what comes after the last one seen.
  stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  session?.goaway(http2.constants.NGHTTP2_NO_ERROR, 0, Buffer.from(JSON.stringify({ reason })));
}

/** An exchange on a bare HTTP/2 stream: the cheap one. */
export class StreamExchange implements Exchange {
  readonly #stream: ServerHttp2Stream;
  readonly #cut: () => void;
  readonly headers: http2.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Captured at once: a stream forgets its session when it is destroyed. */
  readonly connection: object;

  constructor(
    stream: ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    rawHeaders: readonly string[],
    body: Buffer,
    cut: () => void,
  ) {
    this.#stream = stream;
    this.#cut = cut;
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.body = body;
    this.connection = stream.session ?? stream;
  }

  get method(): string {
    return this.headers[':method'] ?? '';
  }

  get path(): string {
    return this.headers[':path'] ?? '';
  }

  get clientName(): string | undefined {
    return clientName(this.#stream.session?.socket);
  }

  respond(status: number, headers: AnswerHeaders = {}, body?: string): void {
    const stream = this.#stream;
    if (stream.closed || stream.destroyed) return;
    stream.respond({ ':status': status, ...headers }, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
  }

  reset(code: number): void {
    this.#stream.close(code);
  }

  cut(): void {
    this.#cut();
  }

  goAway(reason: string): void {
    sendGoAway(this.#stream, reason);
  }
}

/** An exchange in either version of HTTP, over Node's compatibility objects. */
export class MessageExchange implements Exchange {
  readonly #request: IncomingMessage | Http2ServerRequest;
  readonly #response: ServerResponse | Http2ServerResponse;
  readonly #cut: () => void;
  readonly body: Buffer;
  readonly connection: object;

  constructor(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    body: Buffer,
    cut: () => void,
  ) {
    this.#request = request;
    this.#cut = cut;
    this.#response = response;
    this.body = body;
    this.connection = this.#stream?.session ?? request.socket;
  }

  get #stream(): ServerHttp2Stream | undefined {
    return 'stream' in this.#request ? this.#request.stream : undefined;
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get path(): string {
    return this.#request.url ?? '';
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  get clientName(): string | undefined {
    return clientName(this.#stream?.session?.socket ?? this.#request.socket);
  }

  respond(status: number, headers: AnswerHeaders = {}, body?: string): void {
    if (this.#response.destroyed || this.#stream?.closed) return;
    (this.#response as ServerResponse).writeHead(status, headers);
    (this.#response as ServerResponse).end(body);
  }

  reset(code: number): void {
    if (this.#stream) this.#stream.close(code);
    else this.#request.socket.destroy();
  }

  cut(): void {
    this.#cut();
  }

  goAway(reason: string): void {
    if (this.#stream) sendGoAway(this.#stream, reason);
    else this.#request.socket.destroy();
  }
}
