import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2, {
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { bind } from '../kit/net/bind.ts';
import type { LeafCertificate } from './certificates.ts';
import { type Exchange, MessageExchange, StreamExchange } from './exchange.ts';

export interface SecureServerOptions {
  readonly leaf: LeafCertificate;
  /** Also HTTP/1.1, as OAuth servers speak it; costs more for each request. Default false. */
  readonly http1?: boolean;
  readonly settings?: Settings;
  /** Asks clients for a certificate, and takes any. Default false. */
  readonly askCertificate?: boolean;
  onSession?(session: ServerHttp2Session): void;
}

/** A TLS server on a free port of loopback. */
export interface SecureServer {
  /** `https://127.0.0.1:port`. */
  readonly origin: string;
  /** Ends at once, whatever is under way. */
  close(): Promise<void>;
}

const NOTHING = Buffer.alloc(0);

function whole(source: Readable, then: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  source.on('error', () => {});
  source.on('data', (chunk: Buffer) => chunks.push(chunk));
  source.on('end', () =>
    then(chunks.length === 1 ? (chunks[0] as Buffer) : chunks.length ? Buffer.concat(chunks) : NOTHING),
  );
}

/** Raw sockets by the client's port: Node does not let us destroy the socket of an HTTP/2 session, and a session sends GOAWAY. */
class Connections {
  readonly #sockets = new Map<number | undefined, Socket>();

  add(socket: Socket): void {
    const { remotePort } = socket;
    this.#sockets.set(remotePort, socket);
    socket
      .on('error', () => {})
      .once('close', () => {
        if (this.#sockets.get(remotePort) === socket) this.#sockets.delete(remotePort);
      });
  }

  cut(remotePort: number | undefined): void {
    this.#sockets.get(remotePort)?.resetAndDestroy();
  }

  destroyAll(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

type Handle = (exchange: Exchange) => void;

function listenForStreams(server: Http2SecureServer, connections: Connections, handle: Handle): void {
  server.on('stream', (opened, headers, _flags, rawHeaders) => {
    const stream = opened as ServerHttp2Stream;
    const cut = () => connections.cut(stream.session?.socket.remotePort);
    whole(stream, (body) => handle(new StreamExchange(stream, headers, rawHeaders, body, cut)));
  });
}

function listenForMessages(server: Http2SecureServer, connections: Connections, handle: Handle): void {
  type Request = Http2ServerRequest | IncomingMessage;
  server.on('request', (request: Request, response: Http2ServerResponse | ServerResponse) => {
    const cut = () => connections.cut(request.socket.remotePort);
    response.on('error', () => {});
    whole(request, (body) => handle(new MessageExchange(request, response, body, cut)));
  });
}

/** Serves `handle` over TLS and HTTP/2. Resolves when the port is bound. */
export async function openSecureServer(
  options: SecureServerOptions,
  handle: (exchange: Exchange) => void,
): Promise<SecureServer> {
  const { leaf, http1 = false, settings = {}, askCertificate = false, onSession } = options;
  const server = http2.createSecureServer({
    ...leaf,
    allowHTTP1: http1,
    settings,
    requestCert: askCertificate,
    rejectUnauthorized: false,
  });
  const connections = new Connections();
  server.on('connection', (socket: Socket) => connections.add(socket));
  server.on('session', (session) => {
    session.on('error', () => {});
    onSession?.(session);
  });
  // What a client does to its connection is the client's test, not this server's failure.
  for (const event of ['sessionError', 'tlsClientError', 'clientError']) server.on(event, () => {});
  if (http1) listenForMessages(server, connections, handle);
  else listenForStreams(server, connections, handle);
  const { port } = await bind(server, { port: 0, host: '127.0.0.1', warn: () => {} });
  return {
    origin: `https://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      connections.destroyAll();
      await closed;
    },
  };
}
