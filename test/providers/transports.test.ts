import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { apns } from '../../src/apns/provider.ts';
import { NO_LATE_OUTCOMES } from '../../src/carrier/late-outcomes.ts';
import { fcm } from '../../src/fcm/provider.ts';
import type { Http2Pool, Http2PoolOptions } from '../../src/http2/http2-pool.ts';
import { openOutbound } from '../../src/outbound/outbound.ts';
import type { ProxyEnvironment } from '../../src/outbound/proxy.ts';
import { appSections } from '../../src/providers/app-sections.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { createTransports } from '../../src/providers/transports.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { configWith } from '../tls/tls-kit.ts';

const pem = (type: 'ec' | 'rsa'): string => {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

const account = {
  type: 'service_account',
  project_id: 'demo',
  client_email: 'push@demo.example',
  private_key: pem('rsa'),
  token_uri: 'https://oauth2.googleapis.com/token',
};

const pool: Http2Pool = {
  submit() {},
  stats: () => ({
    sessions: 0,
    inFlight: 0,
    waiting: 0,
    capacity: 0,
    goaways: 0,
    pings: 0,
    connects: 0,
    connectFailures: 0,
  }),
  async close() {},
};

/** Whether the pool to each origin takes the proxy; a pool that dials by itself is seen by the proxy. */
async function takesProxy(
  proxy: ConnectProxy,
  httpProxy: string,
  proxyEnv: ProxyEnvironment,
): Promise<Record<string, boolean>> {
  const made: Record<string, boolean> = {};
  const dials: Promise<void>[] = [];
  const config = configWith({
    'core.http_proxy': httpProxy,
    'ios.enabled': true,
    'ios.key_base64': Buffer.from(pem('ec')).toString('base64'),
    'ios.key_type': 'p8',
    'ios.key_id': 'ABC123DEFG',
    'ios.team_id': 'DEF123GHIJ',
    'android.enabled': true,
    'android.credential': JSON.stringify(account),
  });
  const dial = async (origin: string, connect: NonNullable<Http2PoolOptions['connect']>): Promise<void> => {
    // The proxy leads every host to loopback, where nothing listens on 443.
    await connect(new AbortController().signal).catch(() => {});
    made[origin] = proxy.seen.includes(`CONNECT ${new URL(origin).host}:443`);
  };
  const createPool = ({ origin, proxy: given, connect }: Http2PoolOptions): Http2Pool => {
    if (connect) dials.push(dial(origin, connect));
    else made[origin] = given === `http://127.0.0.1:${proxy.port}/`;
    return pool;
  };
  const outbound = openOutbound({ core: config.core, proxyEnv, createPool });
  const transports = createTransports({
    outbound,
    env: {},
    late: () => NO_LATE_OUTCOMES,
    sectionOf: () => undefined,
    log: () => {},
  });
  await transports.load(apns);
  await transports.load(fcm);
  const sections = appSections({ config, providers: builtIn, settings: {} });
  const common = { app: 'default', sections, trusted: true, origin: 'file' as const };
  transports.build({ ...common, row: apns, environment: 'production' });
  transports.build({ ...common, row: apns, environment: 'development' });
  transports.build({ ...common, row: fcm, environment: 'production' });
  await Promise.all(dials);
  await outbound.close();
  return made;
}

test('APNs and FCM take the proxy of the environment, less what NO_PROXY names', async () => {
  const proxy = await startConnectProxy();
  const environment = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'api.sandbox.push.apple.com' };
  expect(await takesProxy(proxy, '', environment)).toEqual({
    'https://api.push.apple.com': true,
    'https://api.sandbox.push.apple.com': false,
    'https://fcm.googleapis.com': true,
  });
});

test('core.http_proxy is used instead of the proxy of the environment', async () => {
  const proxy = await startConnectProxy();
  const environment = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '*' };
  expect(await takesProxy(proxy, `http://127.0.0.1:${proxy.port}`, environment)).toEqual({
    'https://api.push.apple.com': true,
    'https://api.sandbox.push.apple.com': true,
    'https://fcm.googleapis.com': true,
  });
});
