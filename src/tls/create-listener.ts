import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Dispatcher } from 'undici';
import type { Config } from '../config/schema.ts';
import { DirectDoor, type DirectDoorOptions } from '../kit/http/direct/direct-door.ts';
import type { DirectRoute } from '../kit/http/direct/direct-route.ts';
import { isHttp2 } from '../kit/http/is-http2.ts';
import { oneAtATime } from '../kit/http/one-at-a-time.ts';
import { offerStreamPlace } from '../kit/http/stream-place.ts';
import { undici } from '../kit/http/undici.ts';
import { serveUpgrades } from '../kit/http/upgrades.ts';
import { bind } from '../kit/net/bind.ts';
import type { ConnectionRoom } from '../kit/net/connection-room.ts';
import { portError } from '../kit/net/port-error.ts';
import { toMs } from '../kit/seconds.ts';
import { lateDispatcher } from '../outbound/late-dispatcher.ts';
import { AutoCertificates } from './auto-certificates.ts';
import type { CertificateLog, CertificateSource } from './certificate-source.ts';
import { readClientCa } from './key-pair.ts';
import { Reloadable } from './reloadable.ts';
import { createSecureServer, type DualServer } from './secure-server.ts';
import { openServerCredentials } from './server-credentials.ts';

export interface ListenerOptions {
  readonly config: Pick<Config, 'core' | 'api'>;
  readonly app: RequestListener;
  /** Requests that do without node:http where there is no TLS; default: none. */
  readonly direct?: readonly DirectRoute[] | undefined;
  /** Requests for another protocol that are handed to `app`; default: none. */
  readonly upgrades?: ((req: IncomingMessage) => boolean) | undefined;
  readonly log: CertificateLog;
  /** Default: `core.address` and `core.port`. */
  readonly at?: { readonly key: string; readonly host: string; readonly port: string } | undefined;
  /** The certificate of another listener, which stays its owner's. */
  readonly source?: CertificateSource | undefined;
  /** Carries requests to the authority of `core.auto_tls`; stays its owner's. Default: undici's own. */
  readonly dispatcher?: Dispatcher;
  /** What it shares with other listeners; default: any number. */
  readonly room?: ConnectionRoom | undefined;
  /** Milliseconds between two looks at certificate files; default 3,000. */
  readonly watchMs?: number;
}

/** The HTTP or HTTPS server of the configuration. */
export interface Listener {
  readonly server: Server | DualServer;
  readonly scheme: 'http' | 'https';
  /** Where its certificate comes from; undefined without TLS. */
  readonly source: CertificateSource | undefined;
  /** Binds `core.address` and `core.port` (with `core.auto_tls` its own port), or `at`. @throws ConfigError (rejects) naming the key */
  listen(): Promise<AddressInfo>;
  /** Looks at certificate files at once, for SIGHUP. Never throws. */
  reload(): void;
  /** From now on an HTTP/1.1 connection ends with its next answer, which says so: its client goes elsewhere, and loses nothing. */
  retire(): void;
  /** No new connections; idle ones are closed, others after their answer. Resolves when the last is gone. */
  close(): Promise<void>;
  /** Cuts the connections that are left. */
  cut(): void;
}

/** A request that was sent before its client could know of the end has this long to arrive. */
const LAST_REQUESTS_MS = 250;

function limit(server: Server | DualServer, core: Config['core']): void {
  const http1 = server as Server;
  http1.headersTimeout = toMs(core.header_timeout);
  http1.keepAliveTimeout = toMs(core.idle_timeout);
  // A caller that has sent its request may close its half of the connection, and still wants the answer (`nc -N`, some HTTP clients).
  // Not in Node's types: https://github.com/nodejs/node/blob/v26.x/lib/_http_server.js
  Object.assign(http1, { httpAllowHalfOpen: true });
}

/** HTTP/1.1 connections learn from the answer that it was the last one; HTTP/2 has GOAWAY. */
const untilRetired =
  (app: RequestListener, retired: () => boolean, closeIdle: () => void): RequestListener =>
  (req, res) => {
    if (retired() && !isHttp2(req)) {
      res.setHeader('Connection', 'close');
      res.on('finish', () => setImmediate(closeIdle));
    }
    app(req, res);
  };

/** Connections with a request keep their place when others are wanted; those with a stream have places of their own. */
const noteRequests = (app: RequestListener, room: ConnectionRoom): RequestListener => {
  const noted: RequestListener = (req, res) => {
    res.once(
      'close',
      room.begin(req.socket, () => !req.complete),
    );
    app(req, res);
  };
  return room.hasStreams ? noteStreams(noted, room) : noted;
};

const noteStreams =
  (app: RequestListener, room: ConnectionRoom): RequestListener =>
  (req, res) => {
    const { socket } = req;
    let over: (() => void) | undefined;
    offerStreamPlace(req, () => {
      if (over) return true;
      over = room.stream(socket);
      if (over) res.on('close', over);
      return over !== undefined;
    });
    app(req, res);
  };

/** First of all that look at a connection. */
function trackSockets(server: Server | DualServer, room: ConnectionRoom | undefined): Set<Socket> {
  const sockets = new Set<Socket>();
  server.prependListener('connection', (socket: Socket) => {
    if (room?.admit(socket) === false) return;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** In front of a server without TLS. */
const directDoor = (
  server: Server,
  { direct: routes = [], room }: ListenerOptions,
  end: Pick<DirectDoorOptions, 'isRetired' | 'onAnswer'>,
): DirectDoor | undefined => (routes.length === 0 ? undefined : new DirectDoor({ server, routes, room, ...end }));

const ownDispatcher = (): Dispatcher => lateDispatcher(async () => (await undici()).getGlobalDispatcher());

/** As in Gorush, `core.auto_tls` overrides `core.ssl`. */
function openSource({ config: { core }, log, watchMs, dispatcher }: ListenerOptions): CertificateSource | undefined {
  if (core.auto_tls.enabled)
    return new AutoCertificates({ core, log, watchMs, dispatcher: dispatcher ?? ownDispatcher() });
  return core.ssl ? openServerCredentials({ core, log, watchMs }) : undefined;
}

/** Where callers come, and the setting that says so. */
const placeOf = ({ address: host, port, auto_tls }: Config['core']): NonNullable<ListenerOptions['at']> =>
  auto_tls.enabled ? { key: 'core.auto_tls.port', host, port: auto_tls.port } : { key: 'core.port', host, port };

function openClientCa({ config, log, watchMs }: ListenerOptions): Reloadable<string> | undefined {
  const path = config.core.client_ca;
  if (path === '') return undefined;
  return new Reloadable({ read: () => readClientCa(path), files: [resolve(path)], watchMs, log });
}

/**
 * The server that the configuration asks for, not listening yet: plain HTTP/1.1, or with `core.ssl` or `core.auto_tls` HTTP/2
 * and HTTP/1.1 on one TLS port.
 * @throws ConfigError for a certificate that cannot be used.
 */
export function createListener(options: ListenerOptions): Listener {
  const { config } = options;
  const { core } = config;
  let retired = false;
  let closing = false;
  const untilThen = untilRetired(
    options.room ? noteRequests(options.app, options.room) : options.app,
    () => retired,
    // Not before: a request may be on its way over a connection that looks idle.
    () => closeIdle(),
  );
  const closeIdle = (): void => {
    if (!closing) return;
    server.closeIdleConnections();
    direct?.closeIdle();
  };
  const app = oneAtATime(untilThen);
  const own = options.source ? undefined : openSource(options);
  const source = options.source ?? own;
  const { at = placeOf(core) } = options;
  const clientCa = source && openClientCa(options);
  const server = source
    ? createSecureServer({ config, source, clientCa, app })
    : createServer({ connectionsCheckingInterval: toMs(1) }, app);
  limit(server, core);
  if (options.upgrades) serveUpgrades(server as Server, untilThen, options.upgrades);
  const direct = source
    ? undefined
    : directDoor(server as Server, options, { isRetired: () => retired, onAnswer: () => setImmediate(closeIdle) });
  const sockets = trackSockets(server, options.room);
  return {
    server,
    scheme: source ? 'https' : 'http',
    source,
    async listen() {
      const address = await bind(server as NetServer, {
        port: Number(at.port),
        host: at.host,
        warn: (text) => options.log.warn(text),
      }).catch((error: unknown) => {
        throw portError({ key: at.key, port: Number(at.port) }, error);
      });
      await own?.start?.();
      return address;
    },
    reload() {
      own?.reload();
      clientCa?.reload();
    },
    retire() {
      retired = true;
    },
    async close() {
      retired = true;
      // Not the close of node:http, which cuts connections whose request is still on its way: first those get their answer.
      const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
      const idle = setTimeout(() => {
        closing = true;
        server.close();
        direct?.closeIdle();
      }, LAST_REQUESTS_MS);
      await closed;
      clearTimeout(idle);
      clientCa?.unwatch();
      await own?.close();
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
