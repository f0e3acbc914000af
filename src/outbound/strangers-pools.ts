import type { buildConnector } from 'undici';
import type { Http2Pool, Http2PoolOptions } from '../http2/http2-pool.ts';
import { toMs } from '../kit/seconds.ts';
import { AlpnPool, type AlpnPoolOptions } from './alpn-pool.ts';
import { ANYWHERE, createGuardedConnect, type GuardedConnectOptions } from './guarded-connect.ts';
import { refusedBut } from './private-networks.ts';

export interface StrangersOptions extends StrangersRules {
  /** Most HTTP/2 sessions for an origin; 0: as needed, up to 8. */
  readonly connections: number;
  /** Seconds. */
  readonly request_timeout: number;
}

export interface StrangersRules {
  /** Private addresses that may be called all the same, CIDR each. */
  readonly private_networks: readonly string[];
  /** Where all of it goes, whatever the origin: the operator's own address, which may be private. Empty: to the origin. */
  readonly endpoint: string;
}

/** `resolve`: default DNS. */
type Ways = Pick<GuardedConnectOptions, 'proxyFor' | 'ca' | 'resolve'>;

/** Opens connections to whatever is asked for, as far as it may be. */
export type StrangersConnect = AlpnPoolOptions['connect'];

/** The guard for these rules; it holds the authorities, which are megabytes. @throws ConfigError naming `web.private_networks` */
export function strangersConnect({ private_networks, endpoint }: StrangersRules, ways: Ways): StrangersConnect {
  const guard =
    endpoint === ''
      ? { isRefused: refusedBut(private_networks, 'web.private_networks'), localNames: private_networks.length > 0 }
      : ANYWHERE;
  const connectorFor = (offer: 'http2-first' | 'http1'): buildConnector.connector => {
    const connect = createGuardedConnect({ ...ways, ...guard, offer });
    return endpoint === '' ? connect : redirected(connect, new URL(endpoint));
  };
  return { both: connectorFor('http2-first'), http1: connectorFor('http1') };
}

/** Makes pools for origins that strangers name. */
export const strangersPools =
  (
    { connections, request_timeout }: Pick<StrangersOptions, 'connections' | 'request_timeout'>,
    connect: StrangersConnect,
    createPool: (options: Http2PoolOptions) => Http2Pool,
  ): ((origin: string) => Http2Pool) =>
  (origin) =>
    new AlpnPool({ origin, connect, createPool, connections, requestTimeoutMs: toMs(request_timeout) });

/** Connects to one place, whatever is asked for. */
const redirected =
  (connect: buildConnector.connector, { protocol, hostname, host, port }: URL): buildConnector.connector =>
  (_own, done) =>
    connect({ protocol, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), host, port }, done);
