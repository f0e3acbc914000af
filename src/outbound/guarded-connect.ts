import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { buildConnector } from 'undici';
import { openTunnel } from '../http2/proxy-tunnel.ts';
import { background } from '../kit/background.ts';
import { undici } from '../kit/http/undici.ts';
import { createDnsResolve, type Resolve, type ResolvedAddress } from './dns-resolve.ts';
import { isLocalName, isPrivateAddress } from './private-address.ts';

export interface GuardedConnectOptions {
  /** The proxy's URL for an origin; undefined: the direct way. */
  readonly proxyFor: (origin: string) => string | undefined;
  /** PEM certificates that are trusted, instead of the system's; default: the system's. */
  readonly ca?: readonly string[] | undefined;
  /** Default: DNS, by the servers of the system; not its hosts file. */
  readonly resolve?: Resolve;
  /** Which addresses are not called; default: all that are not public. */
  readonly isRefused?: (address: string) => boolean;
  /** Names that only this machine or its network knows are asked for too; default false. */
  readonly localNames?: boolean;
  /** What is offered in the TLS handshake (ALPN): HTTP/2 before HTTP/1.1, or HTTP/1.1 alone; default: as undici does. */
  readonly offer?: 'http2-first' | 'http1';
}

/** For an address of the operator's own: it may be private, and is looked up as the system does, hosts file included. */
export const ANYWHERE: Pick<GuardedConnectOptions, 'isRefused' | 'localNames' | 'resolve'> = {
  isRefused: () => false,
  localNames: true,
  resolve: (host) => lookup(host, { all: true }),
};

/** Which address it is would tell a stranger of the network here; the reason of the failed call is the code alone. */
class PrivateAddressError extends Error {
  readonly code = 'PrivateAddress';
  constructor() {
    super('the host leads to a private address');
  }
}

const CONNECT_MS = 10_000;
/** RFC 6761 section 6.3: never asked of a name server. */
const LOOPBACK_NAME = /^(?:.+\.)?localhost\.?$/i;
const LOOPBACK: readonly ResolvedAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];
const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/**
 * Opens connections for hooks whose URLs come from strangers. A name is resolved once for each connection, every address of it
 * is checked, and the connection goes to one of those very addresses: a name that changes its mind in between (DNS rebinding)
 * gains nothing. Through a proxy the tunnel is asked for with the checked address, never with the name, plain HTTP included.
 */
export function createGuardedConnect(options: GuardedConnectOptions): buildConnector.connector {
  const { proxyFor, ca, resolve = createDnsResolve(), isRefused = isPrivateAddress } = options;
  const { localNames = false, offer } = options;
  const alpn = offer === undefined ? {} : { allowH2: offer === 'http2-first', preferH2: true };
  // Made once: the authorities are megabytes.
  const trusted = createSecureContext(ca ? { ca: [...ca] } : {});

  const checked = async (host: string): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]> => {
    if (!localNames && isLocalName(host)) throw new PrivateAddressError();
    const [first, ...others] = isIP(host)
      ? [{ address: host, family: isIP(host) }]
      : LOOPBACK_NAME.test(host)
        ? LOOPBACK
        : await resolve(host);
    if (!first || [first, ...others].some(({ address }) => isRefused(address))) throw new PrivateAddressError();
    return [first, ...others];
  };

  const through = async (proxy: string, protocol: string, port: string, target: ResolvedAddress): Promise<Socket> => {
    const host = target.family === 6 ? `[${target.address}]` : target.address;
    const authority = `${host}:${port || DEFAULT_PORTS[protocol]}`;
    return (await openTunnel(proxy, authority, AbortSignal.timeout(CONNECT_MS), trusted)) as Socket;
  };

  const connect = async (own: buildConnector.Options, done: buildConnector.Callback): Promise<void> => {
    const addresses = await checked(own.hostname);
    const proxy = proxyFor(`${own.protocol}//${own.host}`);
    const tunnel = proxy && (await through(proxy, own.protocol, own.port, addresses[0]));
    if (tunnel && own.protocol === 'http:') return done(null, tunnel);
    const connector = (await undici()).buildConnector({
      secureContext: trusted,
      timeout: CONNECT_MS,
      lookup: pinned(addresses),
      ...alpn,
    } as buildConnector.BuildOptions);
    connector(tunnel ? { ...own, httpSocket: tunnel } : own, done);
  };
  return (own, done) => background(connect(own, done), (error) => done(error, null));
}

/**
 * Answers with addresses that are known already; not before the next tick, as a real lookup: `tls.connect` fails within its own call
 * otherwise where there is no way to the address (IPv6 without a route), and its error reaches only the process.
 */
const pinned =
  (addresses: readonly [ResolvedAddress, ...ResolvedAddress[]]): LookupFunction =>
  (_host, { all }, done) =>
    process.nextTick(() => {
      if (all) done(null, [...addresses]);
      else done(null, addresses[0].address, addresses[0].family);
    });
