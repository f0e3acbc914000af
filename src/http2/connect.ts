import net from 'node:net';
import tls from 'node:tls';
import type { Http2PoolOptions } from './http2-pool.ts';
import type { PoolTuning } from './pool-tuning.ts';
import { openTunnel } from './proxy-tunnel.ts';

const KEEP_ALIVE_MS = 30_000;

class NoHttp2Error extends Error {
  readonly code = 'ALPN_MISSING';
}

/** Opens TLS connections to one origin. The certificates are parsed once; the name is looked up anew each time. */
export type Connector = (signal: AbortSignal) => Promise<tls.TLSSocket>;

const trustIn = (ca: readonly string[] | undefined): tls.SecureContextOptions =>
  ca ? { ca: [...tls.getCACertificates('default'), ...ca] } : {};

/** Whom connections without a certificate of their own trust. Throws on a CA that cannot be read. */
export const createTrust = (ca: readonly string[] | undefined): tls.SecureContext =>
  tls.createSecureContext(trustIn(ca));

/** Throws on certificates or a key that cannot be read. */
export function createConnector(options: Http2PoolOptions, tuning: PoolTuning): Connector {
  const { hostname, port } = new URL(options.origin);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const { proxy, ca, cert, key } = options;
  const trust = cert && !proxy ? undefined : (options.trust ?? createTrust(ca));
  // A proxy that speaks TLS is not shown the certificate that is meant for the provider.
  const proxyContext = proxy ? trust : undefined;
  const secureContext = cert ? tls.createSecureContext({ ...trustIn(ca), cert, ...(key ? { key } : {}) }) : trust;
  return async (signal) => {
    const target = { host, port: Number(port || 443) };
    const tunnel = proxy ? await openTunnel(proxy, `${hostname}:${target.port}`, signal, proxyContext) : undefined;
    const socket = tls.connect({
      ...(tunnel ? { socket: tunnel } : target),
      ...(tuning.lookup ? { lookup: tuning.lookup as net.LookupFunction } : {}),
      ...(net.isIP(host) ? {} : { servername: host }),
      host,
      secureContext,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
    } as tls.ConnectionOptions);
    socket.setNoDelay(true);
    // RFC 9113 section 9.2.1.
    socket.disableRenegotiation();
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return secured(socket, signal);
  };
}

function secured(socket: tls.TLSSocket, signal: AbortSignal): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    // Stays for the socket's life: an error after the handshake must not be unhandled, whoever listens.
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort);
      if (socket.alpnProtocol === 'h2') return resolve(socket);
      reject(new NoHttp2Error('the peer does not speak HTTP/2 (no ALPN "h2")'));
      socket.destroy();
    });
  });
}
