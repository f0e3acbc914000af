import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import { loadApnsCredential } from './apns/credentials.ts';
import { createApnsTokenSource } from './apns/token.ts';
import { createApnsTransport } from './apns/transport.ts';
import type { Config } from './config/schema.ts';
import { createDispatcher } from './dispatcher.ts';
import { ConfigError, toError } from './errors.ts';
import { type GoogleEnvironment, loadFcmCredential } from './fcm/credentials.ts';
import { createFcmTokenSource } from './fcm/token.ts';
import { createFcmTransport } from './fcm/transport.ts';
import { createGuardedConnect } from './feedback/guarded-connect.ts';
import { createHmsTransport } from './hms/transport.ts';
import type { Http2Pool, Http2PoolOptions } from './http2/http2-pool.ts';
import { createProxyFor, type ProxyEnvironment } from './proxy.ts';
import type { Environment, Failed, Notification, Provider, PushTransport } from './push.ts';
import { platforms } from './push.ts';
import type { Route } from './relay.ts';

/** A transport and the lane that feeds it. */
export interface ProviderLane {
  readonly name: string;
  readonly provider: Provider;
  readonly environment: Environment;
  readonly transport: PushTransport;
  /** Pushes per second; 0 is no limit. */
  readonly rateLimit: number;
}

export interface Providers {
  readonly lanes: readonly ProviderLane[];
  readonly route: (notification: Notification, app: string) => Route;
  /** For requests that are not pushes: sign-in, the feedback hook. Knows the CA and the proxy. */
  readonly dispatcher: Dispatcher;
  /** The same, for URLs that strangers may set: it leads to public addresses only. */
  readonly guarded: Dispatcher;
  close(): Promise<void>;
}

export interface ProvidersOptions {
  readonly config: Pick<Config, 'ios' | 'android' | 'huawei' | 'core'>;
  /** Where Google's libraries look for credentials. */
  readonly google: GoogleEnvironment;
  /** Which proxy to take where `core.http_proxy` is empty; default: none. */
  readonly proxyEnv?: ProxyEnvironment;
  /** Certificates that are trusted besides the usual ones, PEM. */
  readonly extraCa?: readonly string[];
  readonly createPool: (options: Http2PoolOptions) => Http2Pool;
}

const APP = 'default';

const laneName = (provider: Provider, environment: Environment): string => `${APP}/${provider}/${environment}`;

/** `core.ca_path`. @throws ConfigError naming the key. */
export function readAuthorities(path: string): string[] {
  if (path === '') return [];
  try {
    return [readFileSync(path, 'utf8')];
  } catch (error) {
    throw new ConfigError(`core.ca_path: ${toError(error).message}`, { cause: error });
  }
}

/** Builds the transports of the platforms that are on. @throws ConfigError when a credential cannot be used. */
export function createProviders(options: ProvidersOptions): Providers {
  const { config, google, extraCa = [], createPool } = options;
  const { core } = config;
  const added = [...readAuthorities(core.ca_path), ...extraCa];
  const ca = added.length > 0 ? [...getCACertificates('default'), ...added] : undefined;
  const proxyFor = createProxyFor({ httpProxy: core.http_proxy, env: options.proxyEnv ?? {} });
  const dispatcher = createDispatcher({ proxyFor, ca });
  const guarded = new Agent({ connect: createGuardedConnect({ proxyFor, ca }) });
  const pool =
    (section: { connections: number; request_timeout: number }) =>
    (own: Partial<Http2PoolOptions> & Pick<Http2PoolOptions, 'origin'>): Http2Pool => {
      const proxy = proxyFor(own.origin);
      return createPool({
        ...(added.length > 0 ? { ca: added } : {}),
        ...(proxy === undefined ? {} : { proxy }),
        connections: section.connections,
        requestTimeoutMs: section.request_timeout * 1000,
        ...own,
      });
    };
  const lanes = [
    ...(config.ios.enabled ? apnsLanes(config.ios, pool(config.ios)) : []),
    ...(config.android.enabled ? [fcmLane(config.android, google, dispatcher, pool(config.android))] : []),
    ...(config.huawei.enabled ? [hmsLane(config.huawei, dispatcher)] : []),
  ];
  return {
    lanes,
    route: router(lanes, config.ios.production),
    dispatcher,
    guarded,
    async close() {
      await Promise.all(lanes.map((lane) => lane.transport.close()));
      await dispatcher.destroy();
      await guarded.destroy();
    },
  };
}

type PoolFactory = (options: Partial<Http2PoolOptions> & Pick<Http2PoolOptions, 'origin'>) => Http2Pool;

function apnsLanes(ios: Config['ios'], createPool: PoolFactory): ProviderLane[] {
  const credential = loadApnsCredential(ios);
  const tokenSource = credential.kind === 'token' ? createApnsTokenSource(credential) : undefined;
  const origins = { production: ios.endpoint, development: ios.sandbox_endpoint };
  return (['production', 'development'] as const).map((environment) => ({
    name: laneName('apns', environment),
    provider: 'apns',
    environment,
    rateLimit: ios.rate_limit,
    transport: createApnsTransport({
      credential,
      origin: origins[environment],
      createPool,
      generateApnsId: ios.generate_apns_id,
      refuseOversized: ios.refuse_oversized,
      ...(tokenSource ? { tokenSource } : {}),
    }),
  }));
}

function fcmLane(
  android: Config['android'],
  google: GoogleEnvironment,
  dispatcher: Dispatcher,
  createPool: PoolFactory,
): ProviderLane {
  const credential = loadFcmCredential(android, google);
  const tokenSource = createFcmTokenSource({ credential, dispatcher, timeoutMs: android.request_timeout * 1000 });
  return {
    name: laneName('fcm', 'production'),
    provider: 'fcm',
    environment: 'production',
    rateLimit: android.rate_limit,
    transport: createFcmTransport({ credential, origin: android.endpoint, createPool, tokenSource }),
  };
}

function hmsLane(huawei: Config['huawei'], dispatcher: Dispatcher): ProviderLane {
  return {
    name: laneName('hms', 'production'),
    provider: 'hms',
    environment: 'production',
    rateLimit: huawei.rate_limit,
    transport: createHmsTransport({
      appId: huawei.appid,
      appSecret: huawei.appsecret,
      origin: huawei.endpoint,
      authOrigin: huawei.auth_endpoint,
      requestTimeoutMs: huawei.request_timeout * 1000,
      dispatcher,
    }),
  };
}

/** Which lane a notification takes. `production: true` of a request goes before `development: true`, that before the config. */
function router(lanes: readonly ProviderLane[], iosProduction: boolean): Providers['route'] {
  const routes = new Map(
    lanes.map(({ name, provider, environment }) => [name, { app: APP, lane: name, provider, environment } as const]),
  );
  return (notification) => {
    const platform = platforms[notification.platform as keyof typeof platforms];
    if (!platform) return { app: APP, refused: unknownPlatform(notification.platform) };
    const { provider } = platform;
    const production =
      provider !== 'apns' || notification.production === true || (notification.development !== true && iosProduction);
    const route = routes.get(laneName(provider, production ? 'production' : 'development'));
    return route ?? { app: APP, refused: platformOff(platform.name) };
  };
}

const disabled = (reason: string, error: string): Failed => ({ kind: 'failed', category: 'disabled', reason, error });

const platformOff = (name: string): Failed =>
  disabled('PlatformDisabled', `the platform ${name} is off; set ${name}.enabled: true and its credentials`);

const unknownPlatform = (platform: number): Failed =>
  disabled('UnknownPlatform', `there is no platform ${platform}; 1 is iOS, 2 Android, 3 Huawei`);
