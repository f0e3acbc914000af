import { readFileSync } from 'node:fs';
import { getCACertificates, type SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { Config } from '../config/schema.ts';
import { createTrust } from '../http2/connect.ts';
import type { Http2Pool, Http2PoolOptions } from '../http2/http2-pool.ts';
import { ConfigError, toError } from '../kit/errors.ts';
import { undici } from '../kit/http/undici.ts';
import { late } from '../kit/late.ts';
import { toMs } from '../kit/seconds.ts';
import { createGuardedConnect } from './guarded-connect.ts';
import { httpsPool } from './https-pool.ts';
import { lateDispatcher } from './late-dispatcher.ts';
import { createProxyFor, type ProxyEnvironment } from './proxy.ts';
import { createSocketConnect, type Reach, type SocketConnect } from './socket-connect.ts';
import {
  type StrangersConnect,
  type StrangersOptions,
  type StrangersRules,
  strangersConnect,
  strangersPools,
} from './strangers-pools.ts';

export type PoolFactory = (options: Partial<Http2PoolOptions> & Pick<Http2PoolOptions, 'origin'>) => Http2Pool;

/** The ways out of the process. Each knows the CA and the proxy. */
export interface Outbound {
  /** For requests that are not pushes: sign-in, the feedback hook. */
  readonly dispatcher: Dispatcher;
  /** The same, for URLs that strangers may set: it leads to public addresses only. */
  readonly guarded: Dispatcher;
  /** Makes the pools of a provider. */
  poolsOf(section: { readonly connections: number; readonly request_timeout: number }): PoolFactory;
  /** The same for one that is plain HTTPS: over HTTP/1.1 where something on the way speaks nothing else. */
  httpsPoolsOf(section: { readonly connections: number; readonly request_timeout: number }): PoolFactory;
  /** Makes pools for origins that strangers name: each speaks HTTP/2 or HTTP/1.1, as its peer does. */
  poolsOfStrangers(options: StrangersOptions): (origin: string) => Http2Pool;
  /** For single requests over HTTP/1.1 to such origins. Closed with the rest. */
  dispatcherOfStrangers(rules: StrangersRules): Dispatcher;
  /** For protocols that are not HTTP: plain connections, and whom a server's certificate has to be from. */
  connectTo(reach: Reach): SocketConnect;
  trust(): SecureContext;
  close(): Promise<void>;
}

export interface OutboundOptions {
  readonly core: Pick<Config['core'], 'ca_path' | 'http_proxy'>;
  /** Which proxy to take where `core.http_proxy` is empty; default: none. */
  readonly proxyEnv?: ProxyEnvironment;
  /** Certificates that are trusted in addition to the usual ones, PEM. */
  readonly extraCa?: readonly string[];
  readonly createPool: (options: Http2PoolOptions) => Http2Pool;
}

/** Its class is one of undici's. */
const dispatcherModule = late('the way to sign-ins and hooks', () => import('./dispatcher.ts'));

/** `core.ca_path`. @throws ConfigError naming the key. */
export function readAuthorities(path: string): string[] {
  if (path === '') return [];
  try {
    return [readFileSync(path, 'utf8')];
  } catch (error) {
    throw new ConfigError('core.ca_path', toError(error).message, { cause: error });
  }
}

/** @throws ConfigError when `core.ca_path` cannot be read. */
export function openOutbound({ core, proxyEnv = {}, extraCa = [], createPool }: OutboundOptions): Outbound {
  const added = [...readAuthorities(core.ca_path), ...extraCa];
  const ca = added.length > 0 ? [...getCACertificates('default'), ...added] : undefined;
  const proxyFor = createProxyFor({ httpProxy: core.http_proxy, env: proxyEnv });
  const dispatcher = lateDispatcher(async () => {
    const { createDispatcher } = await dispatcherModule();
    return createDispatcher({ proxyFor, ca });
  });
  const guarded = lateDispatcher(async () => {
    const { Agent } = await undici();
    return new Agent({ connect: createGuardedConnect({ proxyFor, ca }) });
  });
  /** By the rules, of which the operator gives few. */
  const guards = new Map<string, StrangersConnect>();
  const guardOf = (rules: StrangersRules): StrangersConnect => {
    const name = JSON.stringify([rules.private_networks, rules.endpoint]);
    const connect = guards.get(name) ?? strangersConnect(rules, { proxyFor, ca });
    guards.set(name, connect);
    return connect;
  };
  const connects = new Map<Reach, SocketConnect>();
  const dispatchers = new Map<StrangersConnect, Dispatcher>();
  /** For all that have no certificate of their own: it takes megabytes. */
  let trusted: SecureContext | undefined;
  const trust = (): SecureContext => {
    trusted ??= createTrust(added.length > 0 ? added : undefined);
    return trusted;
  };
  // A file of one's own may be wrong: the start says so.
  if (added.length > 0) trust();
  const wayTo = (origin: string): Pick<Http2PoolOptions, 'ca' | 'proxy'> => {
    const proxy = proxyFor(origin);
    return { ...(added.length > 0 ? { ca: added } : {}), ...(proxy === undefined ? {} : { proxy }) };
  };
  return {
    dispatcher,
    guarded,
    poolsOf: (section) => (own) =>
      createPool({
        ...wayTo(own.origin),
        trust,
        connections: section.connections,
        requestTimeoutMs: toMs(section.request_timeout),
        ...own,
      }),
    httpsPoolsOf: (section) => (own) => httpsPool({ ...wayTo(own.origin), trust, ...own }, section, createPool),
    poolsOfStrangers: (options) => strangersPools(options, guardOf(options), createPool),
    dispatcherOfStrangers(rules) {
      const connect = guardOf(rules);
      const open = async () => new (await undici()).Agent({ connect: connect.http1 });
      const made = dispatchers.get(connect) ?? lateDispatcher(open);
      dispatchers.set(connect, made);
      return made;
    },
    connectTo(reach) {
      const connect = connects.get(reach) ?? createSocketConnect(reach);
      connects.set(reach, connect);
      return connect;
    },
    trust,
    async close() {
      await dispatcher.destroy();
      await guarded.destroy();
      for (const each of dispatchers.values()) await each.destroy();
    },
  };
}
