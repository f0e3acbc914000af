import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { certificateRefusal } from './faults.ts';
import type { Http2PoolOptions } from './http2-pool.ts';
import type { PoolTuning } from './pool-tuning.ts';
import { openTunnel } from './proxy-tunnel.ts';

const KEEP_ALIVE_MS = 30_000;

class NoHttp2Error extends Error {
  readonly code = 'NO_HTTP2';
}

/** The way to a proxy, whose TLS alerts say nothing about what we are to the provider. */
class ProxyTlsError extends Error {
  readonly code = 'PROXY_TLS_FAILED';
}

/** What is offered in the handshake by ALPN (RFC 7301). */
export type AlpnOffer = readonly ('h2' | 'http/1.1')[];
const HTTP2_ONLY: AlpnOffer = ['h2'];

/**
 * Opens TLS connections to one origin. The certificates are parsed once; the name is looked up again each time. The socket has a
 * protocol that was offered, or none: a peer that knows no ALPN (`alpnProtocol` is false) speaks HTTP/2 by prior knowledge.
 */
export type Connector = (signal: AbortSignal) => Promise<tls.TLSSocket>;

const trustIn = (ca: readonly string[] | undefined): tls.SecureContextOptions =>
  ca ? { ca: [...tls.getCACertificates('default'), ...ca] } : {};

/** Whom connections without a certificate of their own trust. Throws on a CA that cannot be read. */
export const createTrust = (ca: readonly string[] | undefined): tls.SecureContext =>
  tls.createSecureContext(trustIn(ca));

/** Throws on certificates or a key that cannot be read. */
export function createConnector(
  options: Http2PoolOptions,
  tuning: Partial<PoolTuning> = {},
  offer: AlpnOffer = HTTP2_ONLY,
): Connector {
  const { hostname, port } = new URL(options.origin);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const { proxy, ca, cert, key } = options;
  let own: tls.SecureContext | undefined;
  const trust = options.trust ?? (() => (own ??= createTrust(ca)));
  // Authorities of one's own may be wrong: the start says so. The system's are read with the first connection.
  if (ca && (!cert || proxy)) trust();
  const certified = cert && tls.createSecureContext({ ...trustIn(ca), cert, ...(key ? { key } : {}) });
  return async (signal) => {
    const target = { host, port: Number(port || 443) };
    // A proxy that speaks TLS is not shown the certificate that is meant for the provider.
    const tunnel = proxy ? await tunnelTo(proxy, `${hostname}:${target.port}`, signal, trust()) : undefined;
    const socket = tls.connect({
      ...(tunnel ? { socket: tunnel } : target),
      ...(tuning.lookup ? { lookup: tuning.lookup as net.LookupFunction } : {}),
      ...(net.isIP(host) ? {} : { servername: host }),
      host,
      secureContext: certified || trust(),
      ALPNProtocols: [...offer],
      minVersion: 'TLSv1.2',
    } as tls.ConnectionOptions);
    socket.setNoDelay(true);
    // RFC 9113 section 9.2.1.
    socket.disableRenegotiation();
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return secured(socket, signal, offer);
  };
}

async function tunnelTo(
  proxy: string,
  target: string,
  signal: AbortSignal,
  context: tls.SecureContext | undefined,
): Promise<Duplex> {
  try {
    return await openTunnel(proxy, target, signal, context);
  } catch (error) {
    const { refusal } = certificateRefusal(error);
    // Without the cause, which would be taken for the provider's.
    throw refusal ? new ProxyTlsError(`the proxy refuses our certificate: ${refusal.text}`) : error;
  }
}

function secured(socket: tls.TLSSocket, signal: AbortSignal, offer: AlpnOffer): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    // Stays for the socket's life: an error after the handshake must not be unhandled, whatever else listens.
    socket.on('error', (error) => reject(inWords(error)));
    socket.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort);
      const chosen = socket.alpnProtocol;
      if (typeof chosen !== 'string' || (offer as readonly string[]).includes(chosen)) return resolve(socket);
      reject(new NoHttp2Error(`the peer does not speak HTTP/2: it chose "${chosen}" by ALPN`));
      socket.destroy();
    });
  });
}

/** A peer that knows ALPN, and none of what is offered, ends the handshake with an alert (RFC 7301 section 3.2). */
const inWords = (error: Error): Error =>
  /_NO_APPLICATION_PROTOCOL$/.test(String((error as { code?: unknown }).code))
    ? new NoHttp2Error('the peer does not speak HTTP/2: it refused "h2" by ALPN', { cause: error })
    : error;
