import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadApnsCredential } from '../../src/apns/credentials.ts';
import { loadFcmCredential } from '../../src/fcm/credentials.ts';
import { loadConfig } from '../../src/host/config/load.ts';
import { Rotation } from '../../src/host/rotation.ts';
import { startServer } from '../../src/host/server.ts';
import { createLog } from '../../src/observe/log/log.ts';
import type { PushEntry } from '../../src/push/push-entry.ts';
import type { FullConfig as Config } from '../support/config.ts';
import { folderWith, Lines } from '../tls/tls-kit.ts';
import type { Tenant, TenantProviders } from './tenant-providers.ts';

export interface Answer {
  readonly status: number;
  readonly body: {
    readonly counts?: number;
    readonly logs?: readonly PushEntry[];
    readonly message?: string;
    readonly details?: readonly { readonly path: string }[];
  };
}

type Part = Record<string, unknown>;

const tryCredentials = {
  ios: (config: Config) => loadApnsCredential(config.ios),
  android: (config: Config) => loadFcmCredential(config.android, {}),
};

/**
 * A relay in sync mode whose default app is the first tenant (its platforms on) and whose other apps are the rest; stopped when the
 * test ends. `more` are sections of config.yml to lay over.
 */
export async function startRelayWithApps(
  providers: TenantProviders,
  [first, ...others]: readonly Tenant[],
  more: Record<string, Part> = {},
) {
  const { origin } = providers;
  const own = first?.settings ?? {};
  const folder = folderWith({ 'ca.pem': providers.ca });
  const sections: Record<string, Part> = {
    core: { address: '127.0.0.1', sync: true, ca_path: join(folder, 'ca.pem') },
    queue: { backoff: 0.02, local: { path: '' } },
    log: { access_level: 'panic', error_level: 'panic' },
    ios: { ...own.ios, enabled: own.ios !== undefined, production: true, endpoint: origin, sandbox_endpoint: origin },
    android: { ...own.android, enabled: own.android !== undefined, endpoint: origin },
    huawei: { ...own.huawei, enabled: own.huawei !== undefined, endpoint: origin, auth_endpoint: origin },
    apps: Object.fromEntries(others.map(({ name, settings }) => [name, settings])),
  };
  for (const [name, part] of Object.entries(more)) sections[name] = { ...sections[name], ...part };
  const file = join(folder, 'config.yml');
  const write = (changed: Record<string, Part>): void => writeFileSync(file, JSON.stringify(changed));
  write(sections);
  const load = (): Config => {
    const { config } = loadConfig({ path: file, env: {}, cwd: folder, cpus: 2, tryCredentials });
    return { ...config, core: { ...config.core, port: '0' } };
  };
  const config = load();
  const log = createLog(config.log, { stdout: process.stdout, stderr: process.stderr });
  const server = await startServer({ config, version: '0', log });
  const lines = new Lines();
  const { apps, lanes } = server.relay;
  const rotation = new Rotation({ config, load, file, env: {}, apps, lanes, log: lines, watchMs: 20 });
  onTestFinished(async () => {
    rotation.close();
    await server.close();
  });
  return {
    server,
    config,
    folder,
    sections,
    /** What was said of changed files. */
    lines,
    /** Writes config.yml anew; it is noticed. */
    write,
    reload: () => rotation.reload(),
    url: server.url as string,
    async push(...notifications: Part[]): Promise<Answer> {
      const response = await fetch(`${server.url}/api/push`, {
        method: 'POST',
        body: JSON.stringify({ notifications }),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    },
  };
}
