import { generateKeyPairSync } from 'node:crypto';
import { startGrpcServer } from '../../src/grpc/start-grpc-server.ts';
import { loadConfig } from '../../src/host/config/load.ts';
import { startServer } from '../../src/host/server.ts';
import { createLog } from '../../src/observe/log/log.ts';
import { builtIn } from '../../src/providers/registry.ts';
import type { FullConfig as Config } from '../support/config.ts';
import { startProviderCapture } from './provider-capture.ts';

const pem = (type: 'ec' | 'rsa'): string => {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

/** Gorush's three platforms on and no other, their providers at `origin`, sync mode, queue in memory. */
function configFor(origin: string): Config {
  const { config } = loadConfig({ env: { MARTLET_SANDBOX_ENABLED: 'true' }, cwd: import.meta.dirname, cpus: 4 });
  const { core, queue, log, ios, android, huawei } = config;
  const account = {
    type: 'service_account',
    project_id: 'p',
    private_key_id: 'k',
    private_key: pem('rsa'),
    client_email: 'push@p.iam.gserviceaccount.com',
    token_uri: `${origin}/token`,
  };
  const key = { key_path: '', key_base64: Buffer.from(pem('ec')).toString('base64'), key_type: 'p8' } as const;
  const apple = { ...key, key_id: 'KEYKEYKEYK', team_id: 'TEAMTEAMTE', endpoint: origin, sandbox_endpoint: origin };
  const others = builtIn.rows
    .filter(({ platform }) => !['ios', 'android', 'huawei'].includes(platform))
    .map(({ platform }) => [platform, { ...config[platform as 'web'], enabled: false }]);
  return {
    ...config,
    ...Object.fromEntries(others),
    sandbox: { ...config.sandbox, enabled: false },
    core: { ...core, port: '0', address: '127.0.0.1', sync: true },
    queue: { ...queue, local: { ...queue.local, path: '' } },
    log: { ...log, access_level: 'panic', error_level: 'panic' },
    ios: { ...ios, ...apple, enabled: true, production: true },
    android: { ...android, enabled: true, key_path: '', credential: JSON.stringify(account), endpoint: origin },
    huawei: { ...huawei, enabled: true, appid: '1', appsecret: 's', endpoint: origin, auth_endpoint: origin },
  };
}

/** One relay behind HTTP and gRPC, and what its providers got. */
export async function startBothFaces() {
  const providers = await startProviderCapture();
  const config = configFor(providers.origin);
  const log = createLog(config.log, { stdout: process.stdout, stderr: process.stderr });
  const server = await startServer({ config, version: '0', log, extraCa: [providers.ca] });
  const { accept, stats } = server.relay;
  const grpc = await startGrpcServer({
    port: 0,
    address: '127.0.0.1',
    accept,
    syncMs: 10_000,
    maxBody: 1 << 20,
    ready: () => true,
    warn: log.warn,
    onError: (error) => {
      throw error;
    },
  });
  return {
    url: server.url as string,
    grpcPort: grpc.port,
    stats,
    captured: providers.captured,
    async close() {
      await grpc.close(0);
      await server.close();
      await providers.close();
    },
  };
}
