import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/log.ts';
import type { PushEntry } from '../../src/push-entry.ts';
import { startServer } from '../../src/server.ts';
import { folderWith } from '../tls/tls-kit.ts';
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
  writeFileSync(file, JSON.stringify(sections));
  const loaded = loadConfig({ path: file, env: {}, cwd: folder, cpus: 2 }).config;
  const config = { ...loaded, core: { ...loaded.core, port: '0' } };
  const log = createLog(config.log, { stdout: process.stdout, stderr: process.stderr });
  const server = await startServer({ config, version: '0', log });
  onTestFinished(() => server.close());
  return {
    server,
    config,
    folder,
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
