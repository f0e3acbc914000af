import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/host/config/load.ts';
import { startServer } from '../../../src/host/server.ts';
import { createLog } from '../../../src/observe/log/log.ts';
import { folderWith } from '../../tls/tls-kit.ts';
import type { TenantProviders } from '../tenant-providers.ts';

type Part = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export const newMasterKey = (): string => randomBytes(32).toString('base64');

export interface RelayOptions {
  readonly masterKey?: string | undefined;
  /** Where config.yml and apps.db are; default: a new one. */
  readonly folder?: string;
  /** Sections of config.yml to lay over. */
  readonly more?: Record<string, Part>;
}

/** A relay in sync mode with no app but those made by its API, whose providers are `providers`; stopped when the test ends. */
export async function startSelfService(providers: TenantProviders, options: RelayOptions = {}) {
  const { origin } = providers;
  const folder = options.folder ?? folderWith({ 'ca.pem': providers.ca });
  const masterKey = 'masterKey' in options ? options.masterKey : newMasterKey();
  const main = providers.tenant('main').settings;
  const sections: Record<string, Part> = {
    core: { address: '127.0.0.1', sync: true, ca_path: join(folder, 'ca.pem') },
    queue: { backoff: 0.02, local: { path: '' } },
    log: { format: 'json', access_level: 'debug', audit: 'stdout' },
    ios: { ...main.ios, enabled: true, production: true, endpoint: origin, sandbox_endpoint: origin },
    android: { enabled: false, endpoint: origin },
    huawei: { enabled: false, endpoint: origin, auth_endpoint: origin },
    apps: { path: join(folder, 'apps.db'), ttl: 0.05, allow_private_hooks: true },
    history: { path: '' },
  };
  for (const [name, part] of Object.entries(options.more ?? {})) sections[name] = { ...sections[name], ...part };
  const file = join(folder, 'config.yml');
  writeFileSync(file, JSON.stringify(sections));
  const loaded = loadConfig({
    path: file,
    env: masterKey ? { MARTLET_MASTER_KEY: masterKey } : {},
    cwd: folder,
    cpus: 2,
  });
  const config = { ...loaded.config, core: { ...loaded.config.core, port: '0' } };
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  const log = createLog(config.log, { stdout: sink, stderr: sink });
  const server = await startServer({ config, version: '0', log, masterKey });
  let closed = false;
  const close = async (): Promise<void> => {
    if (!closed) await server.close();
    closed = true;
    log.close();
  };
  onTestFinished(close);
  const ask = async (method: string, path: string, body?: unknown, headers: Part = {}): Promise<Answer> => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: headers as Record<string, string>,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  };
  return {
    server,
    folder,
    lines,
    ask,
    close,
    warnings: loaded.warnings,
    push: (...notifications: Part[]) => ask('POST', '/api/push', { notifications }),
  };
}
