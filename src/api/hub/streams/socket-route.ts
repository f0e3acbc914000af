import type { IncomingMessage, ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { isOwnPage } from '../../../auth/own-page.ts';
import type { Principal } from '../../../auth/principal.ts';
import { isStranger } from '../../../auth/request-principal.ts';
import { personKey } from '../../../hub/streams/person-key.ts';
import { background } from '../../../kit/background.ts';
import { toError } from '../../../kit/errors.ts';
import { isHttp2 } from '../../../kit/http/is-http2.ts';
import { type Upgrade, upgradeOf } from '../../../kit/http/upgrades.ts';
import { RefusedError } from '../../../kit/refusal.ts';
import { HubRefusal } from '../hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import type { StreamOrder } from './open-stream.ts';
import type { OpenStreams } from './open-streams.ts';
import { closeCodes, SocketConnection } from './socket-connection.ts';
import { type ClientFrame, clientFrame, type MarkFrame } from './socket-frames.ts';
import { STREAM_QUERY, streamOrder } from './stream-order.ts';

/** Who may open a stream, and of which app the person is. */
export interface AdmittedCaller {
  readonly app: string;
  readonly principal: Principal | undefined;
}

export type AdmitToken = (token: string, request: HubRequest<'user'>) => Promise<AdmittedCaller>;

export interface SocketRouteParts {
  readonly open: OpenStreams;
  /** Pages that may, beside our own: `hub.cors_origins`. */
  readonly origins: readonly string[];
  /** `hub.streams.buffer` */
  readonly buffer: number;
  /** Who a token in a frame is, and of which app, if that one may open this stream. Rejects with a RefusedError. */
  readonly admit: AdmitToken;
  /** Notes what a person did. Rejects with a RefusedError for what is not theirs. */
  readonly mark: (owner: { readonly app: string; readonly user: string }, frame: MarkFrame) => Promise<void>;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
}

/** Of what a client sends. */
const MOST_BYTES = 65_536;
/** Frames of a client that wait to be done. */
const MOST_WAITING = 100;
const TOKEN_MS = 10_000;
const VERSION = '13';
const KEY = /^[+/\dA-Za-z]{22}==$/;

/** A frame a turn of the event loop: a chunk may be ten thousand of them. */
const sockets = () =>
  new WebSocketServer({
    noServer: true,
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
    allowSynchronousEvents: false,
  });

/** The stream as a WebSocket: events out, acknowledgements and presence in. */
export function socketRoute(parts: SocketRouteParts): HubRoute {
  const server = sockets();
  const origins = new Set(parts.origins);
  return hubRoute({
    ...{ method: 'GET', path: '/v1/users/{user}/stream/ws', scope: 'users', own: 'path', stranger: true },
    query: STREAM_QUERY,
    async handle(request) {
      const { req, res } = request;
      const { socket, head } = handshakeOf(req, res);
      if (!isOwnPage(req) && !origins.has(req.headers.origin as string))
        throw new HubRefusal('forbidden', 'pages of this origin may not: see hub.cors_origins');
      const caller = isStranger(req) ? undefined : request;
      const order = streamOrder(request, request);
      if (caller) parts.open.admit(request);
      else parts.open.admitStranger();
      res.detachSocket(socket as never);
      server.handleUpgrade(req, socket, head, (webSocket) => new Client(webSocket, request, { order, caller }, parts));
      return undefined;
    },
  });
}

/** @throws HubRefusal for a request that begins no WebSocket (RFC 6455 section 4.2.1) */
function handshakeOf(req: IncomingMessage, res: ServerResponse): Upgrade {
  const upgrade = upgradeOf(req);
  if (isHttp2(req))
    throw new HubRefusal('upgrade', 'WebSockets are spoken over HTTP/1.1 here, and not over HTTP/2 (RFC 8441)');
  if (!upgrade || req.headers.upgrade?.toLowerCase() !== 'websocket') {
    res.setHeader('Upgrade', 'websocket');
    throw new HubRefusal('upgrade', 'this is for a WebSocket: Upgrade: websocket');
  }
  if (req.headers['sec-websocket-version'] !== VERSION) {
    res.setHeader('Upgrade', 'websocket').setHeader('Sec-WebSocket-Version', VERSION);
    throw new HubRefusal('upgrade', `Sec-WebSocket-Version must be ${VERSION}`);
  }
  if (!KEY.test(req.headers['sec-websocket-key'] ?? ''))
    throw new HubRefusal('invalid', 'Sec-WebSocket-Key must be 16 bytes in base64');
  return upgrade;
}

interface Beginning {
  readonly order: StreamOrder;
  /** Undefined: the first frame says who it is. */
  readonly caller: AdmittedCaller | undefined;
}

/** One client, and what it says. */
class Client {
  readonly #socket: WebSocket;
  readonly #request: HubRequest<'user'>;
  readonly #parts: SocketRouteParts;
  readonly #connection: SocketConnection;
  readonly #order: StreamOrder;
  /** It has said who it is, or gone. */
  #known = (): void => {};
  #waiting = 0;
  #doing: Promise<void> = Promise.resolve();
  /** Whose stream is open; undefined: it has not said who it is. */
  #owner: { readonly app: string; readonly user: string } | undefined;

  constructor(socket: WebSocket, request: HubRequest<'user'>, { order, caller }: Beginning, parts: SocketRouteParts) {
    this.#socket = socket;
    this.#order = order;
    this.#request = request;
    this.#parts = parts;
    this.#connection = new SocketConnection({ socket, user: request.params.user, buffer: parts.buffer });
    // A frame that is too large, or malformed: ws closes the connection.
    socket.on('error', () => {});
    socket.on('message', (data) => this.#heard(String(data)));
    if (caller) this.#doing = this.#join(caller);
    else this.#greet();
  }

  #greet(): void {
    const leave = this.#parts.open.greet(this.#connection);
    const patience = setTimeout(() => this.#socket.close(closeCodes.expired), TOKEN_MS).unref();
    this.#known = () => {
      clearTimeout(patience);
      leave();
    };
    this.#socket.once('close', this.#known);
  }

  async #join({ app, principal }: AdmittedCaller): Promise<void> {
    const { open, tell } = this.#parts;
    const { user } = this.#request.params;
    this.#known();
    this.#owner = { app, user };
    try {
      open.admit({ req: this.#request.req, app });
      await open.join(this.#connection, {
        ...this.#order,
        app,
        key: personKey(app, user),
        endsAt: principal?.expiresAt,
      });
    } catch (thrown) {
      if (!(thrown instanceof RefusedError)) tell('error', `a stream could not be opened: ${toError(thrown).message}`);
      this.#socket.close(closeCodes.full);
    }
  }

  /** One frame after the other, in their order. What more there is waits with the client. */
  #heard(text: string): void {
    if (++this.#waiting >= MOST_WAITING) this.#socket.pause();
    this.#doing = this.#doing.then(() => this.#do(clientFrame(text)));
    background(this.#doing);
  }

  async #do(frame: ClientFrame): Promise<void> {
    try {
      await this.#done(frame);
    } catch (thrown) {
      if (!(thrown instanceof RefusedError))
        this.#parts.tell('error', `a frame of a stream failed: ${toError(thrown).message}`);
      this.#connection.refuse(thrown instanceof RefusedError ? thrown.message : 'that could not be done');
    } finally {
      if (--this.#waiting < MOST_WAITING && this.#socket.isPaused) this.#socket.resume();
    }
  }

  async #done(frame: ClientFrame): Promise<void> {
    if ('token' in frame) return this.#authenticate(frame.token);
    if (!this.#owner) return this.#connection.refuse('the first frame must be {"token": …}');
    if ('fault' in frame) return this.#connection.refuse(frame.fault);
    if ('presence' in frame) return this.#parts.open.presence(this.#connection, frame.presence);
    await this.#parts.mark(this.#owner, frame);
  }

  /** The first token opens the stream; a later one lets it last longer. */
  async #authenticate(token: string): Promise<void> {
    const { admit, open } = this.#parts;
    let caller: AdmittedCaller;
    try {
      caller = await admit(token, this.#request);
    } catch (error) {
      if (this.#owner || !(error instanceof RefusedError)) throw error;
      this.#connection.refuse(error.message);
      this.#socket.close(error.kind === 'forbidden' ? closeCodes.forbidden : closeCodes.expired);
      return;
    }
    if (!this.#owner) await this.#join(caller);
    else if (caller.app === this.#owner.app) open.extend(this.#connection, caller.principal?.expiresAt);
    else this.#connection.refuse('the token is for another app');
  }
}
