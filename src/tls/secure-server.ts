import type { RequestListener } from 'node:http';
import type { Http2SecureServer, Http2ServerRequest, SecureServerOptions, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import process from 'node:process';
import { createSecureContext, type SecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { Config } from '../config/schema.ts';
import { isHttp2 } from '../kit/http/is-http2.ts';
import { toMs } from '../kit/seconds.ts';
import type { CertificateSource } from './certificate-source.ts';
import { clientCertificatesOnly } from './client-certificates.ts';
import type { KeyPair } from './key-pair.ts';
import { answerPlainRequests } from './plain-requests.ts';
import type { Reloadable } from './reloadable.ts';

/** HTTP/2 and HTTP/1.1 on one port. `closeIdleConnections` and the timeouts are those of its HTTP/1.1 side. */
export type DualServer = Http2SecureServer & { closeIdleConnections(): void };

export interface SecureServerSettings {
  readonly config: Pick<Config, 'core' | 'api'>;
  readonly source: CertificateSource;
  /** PEM, `core.client_ca`; without it no client certificate is asked for. */
  readonly clientCa: Reloadable<string> | undefined;
  readonly app: RequestListener;
}

/** Loaded by who serves TLS: most relays do not. */
const http2 = () => process.getBuiltinModule('node:http2');

const WINDOW = 2 ** 20;
/** As many requests on a connection as Go's server allows. */
const MAX_STREAMS = 250;
/** What Node's HTTP/1.1 server grants a request; here: streams of a connection that is to be closed. */
const REQUEST_MS = 300_000;
const ACME_PROTOCOL = 'acme-tls/1';
const PROTOCOLS = ['h2', 'http/1.1'];

type SessionSocket = Pick<Socket, 'once' | 'destroySoon'>;

/** An idle connection ends with GOAWAY; one whose peer leaves streams open, or its half of the connection, ends all the same. */
function limitSession(session: ServerHttp2Session, socket: SessionSocket, idleMs: number): void {
  session.setLocalWindowSize(WINDOW);
  session.setTimeout(idleMs, () => {
    if (session.closed) return;
    session.close();
    const last = setTimeout(() => socket.destroySoon(), REQUEST_MS).unref();
    socket.once('close', () => clearTimeout(last));
  });
}

function lookAfter(session: ServerHttp2Session, idleMs: number): void {
  // What http2 lets through to the socket itself, also when the session is over.
  const { once, destroySoon } = session.socket;
  const socket: SessionSocket = { once, destroySoon };
  // The authority has seen what it wanted, the certificate: it speaks no protocol after the handshake.
  if (session.alpnProtocol === ACME_PROTOCOL) socket.destroySoon();
  limitSession(session, socket, idleMs);
}

/** An answer that came before the end of its request: the client may stop sending (RFC 9113 section 8.1). */
const resetUnread =
  (app: RequestListener): RequestListener =>
  (req, res) => {
    if (isHttp2(req))
      res.once('finish', () => {
        const { stream } = req as unknown as Http2ServerRequest;
        if (!req.complete) stream.close(http2().constants.NGHTTP2_NO_ERROR);
      });
    app(req, res);
  };

/** The TLS contexts of key pairs, each made once; a change of `core.client_ca` makes new ones. */
class Contexts {
  readonly #clientCa: Reloadable<string> | undefined;
  #made = new WeakMap<KeyPair, SecureContext>();

  constructor(clientCa: Reloadable<string> | undefined) {
    this.#clientCa = clientCa;
  }

  options(pair: KeyPair | undefined): SecureContextOptions {
    return { ...pair, ...(this.#clientCa ? { ca: this.#clientCa.current } : {}) };
  }

  of(pair: KeyPair | undefined): SecureContext | undefined {
    const made = pair && (this.#made.get(pair) ?? createSecureContext(this.options(pair)));
    if (made) this.#made.set(pair as KeyPair, made);
    return made;
  }

  forget(): void {
    this.#made = new WeakMap();
  }
}

/** Which protocol is spoken, and for the authority's validation which certificate: SNI alone does not tell. */
const protocolFor = (source: CertificateSource, contexts: Contexts) =>
  function choose(this: TLSSocket, { servername, protocols }: { servername: string; protocols: string[] }) {
    if (!protocols.includes(ACME_PROTOCOL)) return PROTOCOLS.find((protocol) => protocols.includes(protocol));
    const context = contexts.of(source.challengeFor?.(servername));
    if (context) this.setKeyCert(context);
    return context && ACME_PROTOCOL;
  };

const sniFor =
  (source: CertificateSource, contexts: Contexts) =>
  (host: string, done: (error: Error | null, context?: SecureContext) => void): void =>
    done(null, contexts.of(source.pairFor?.(host)));

function serverOptions(
  { config: { core }, source, clientCa }: SecureServerSettings,
  contexts: Contexts,
): SecureServerOptions {
  const options = {
    allowHTTP1: true,
    handshakeTimeout: toMs(core.header_timeout),
    connectionsCheckingInterval: toMs(1),
    settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: WINDOW },
    ...(clientCa ? { requestCert: true, rejectUnauthorized: false } : {}),
    ...(source.challengeFor ? { ALPNCallback: protocolFor(source, contexts) } : {}),
    ...(source.pairFor ? { SNICallback: sniFor(source, contexts) } : {}),
  };
  return options as SecureServerOptions;
}

/** An HTTPS server that takes each new certificate of its source into use without losing a connection. */
export function createSecureServer(settings: SecureServerSettings): DualServer {
  const { config, source, clientCa } = settings;
  const app = resetUnread(settings.app);
  const contexts = new Contexts(clientCa);
  const server = http2().createSecureServer(
    { ...serverOptions(settings, contexts), ...contexts.options(source.current) },
    (clientCa ? clientCertificatesOnly(app, config.api.health_uri) : app) as never,
  ) as DualServer;
  const refresh = (): void => {
    contexts.forget();
    server.setSecureContext(contexts.options(source.current));
  };
  // Not for all connections (`allowHalfOpen` of the server): one would outlast a client that goes in the middle of the handshake, and
  // a session of HTTP/2 its peer, with every stream that it reads. There the half of a request ends, not of the connection.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    socket.allowHalfOpen = socket.alpnProtocol !== 'h2';
  });
  source.onChange(refresh);
  clientCa?.onChange(refresh);
  server.on('session', (session) => lookAfter(session, toMs(config.core.idle_timeout)));
  answerPlainRequests(server);
  return server;
}
