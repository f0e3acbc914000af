import { Cluster, Redis } from 'ioredis';
import { backoff } from '../backoff.ts';
import { type Address, addresses } from './addresses.ts';

/** Where a Redis is, and as whom to sign in. */
export interface RedisSettings {
  /** `host:port`; several, separated by commas, are nodes of a cluster or sentinels. */
  readonly addr: string;
  readonly username: string;
  readonly password: string;
  readonly db: number;
  readonly with_tls: boolean;
  readonly cluster: boolean;
  /** The sentinels' name of the master; `addr` are the sentinels then. */
  readonly sentinel: string;
  readonly sentinel_username: string;
  readonly sentinel_password: string;
}

export type RedisClient = Redis | Cluster;

const reconnect = { firstMs: 200, maxMs: 5000 };

/** With jitter, and never at once: clients of a Redis that comes back do not all reconnect in the same moment. */
const pause = (times: number): number => 50 + backoff(times, reconnect);

/** After a failover the old master only reads. Redis before 7 says so of a script in the midst of a longer text. */
const isReadOnly = ({ message }: Error): boolean => /^READONLY |-READONLY /.test(message);

export const nodesOf = ({ addr, sentinel }: Pick<RedisSettings, 'addr' | 'sentinel'>): Address[] =>
  addresses(addr, sentinel ? 26379 : 6379);

/**
 * A client that fails commands while it is not connected (nothing is kept for later, nothing is sent twice) and gets its
 * connection back by itself. Not connected before `connect()`.
 */
export function createRedisClient(
  settings: RedisSettings,
  ca: readonly string[],
  extra: { commandTimeout?: number; socketTimeout?: number; connectionName?: string; autoResubscribe?: boolean },
): RedisClient {
  const { username, password, db, with_tls } = settings;
  const tls = with_tls ? { tls: { minVersion: 'TLSv1.2' as const, ...(ca.length > 0 ? { ca: [...ca] } : {}) } } : {};
  const signIn = { ...(username ? { username } : {}), ...(password ? { password } : {}) };
  const common = {
    ...signIn,
    ...tls,
    ...extra,
    // RESP2: what every Redis since 6.2 and its managed relatives speak alike.
    protocol: 2 as const,
    // CLIENT SETINFO is unknown before 7.2, and refused to users with few rights.
    disableClientInfo: true,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 5000,
    keepAlive: 10_000,
    lazyConnect: true,
    retryStrategy: pause,
    reconnectOnError: isReadOnly,
  };
  const nodes = nodesOf(settings);
  if (settings.cluster) {
    return new Cluster(nodes, {
      redisOptions: common,
      clusterRetryStrategy: pause,
      enableOfflineQueue: false,
      lazyConnect: true,
      // Certificates name hosts, not the addresses that the cluster tells.
      ...(with_tls ? { dnsLookup: (address, callback) => callback(null, address) } : {}),
    });
  }
  if (settings.sentinel) {
    const { sentinel_username, sentinel_password } = settings;
    return new Redis({
      ...common,
      db,
      name: settings.sentinel,
      sentinels: nodes,
      sentinelRetryStrategy: pause,
      ...(sentinel_username ? { sentinelUsername: sentinel_username } : {}),
      ...(sentinel_password ? { sentinelPassword: sentinel_password } : {}),
      ...(with_tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls.tls } : {}),
    });
  }
  const [node] = nodes;
  return new Redis({ ...common, ...node, db });
}
