import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/host/config/load.ts';
import { openSandbox } from '../../src/host/sandbox/sandbox-mode.ts';
import { type RunningServer, startServer } from '../../src/host/server.ts';
import { createLog } from '../../src/observe/log/log.ts';

export const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

/** A key of each kind; the name is the key. */
export const KEYS = {
  pusher: { sha256: sha256('pusher-key'), scopes: ['push'] },
  reader: { sha256: sha256('reader-key'), scopes: ['read'] },
  admin: { sha256: sha256('admin-key'), scopes: ['admin'] },
};

export const bearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });

export interface GuardedRelay extends RunningServer {
  readonly url: string;
  readonly folder: string;
  /** All that was logged, on stdout and stderr. */
  lines(): string;
  /** The records of `log.audit: stdout`, when every other log is on stderr. */
  audited(): Record<string, unknown>[];
}

/** A relay with its sandbox and these sections of the configuration, on free ports of loopback; closed when the test ends. */
export async function startGuardedRelay(sections: { [section: string]: object } = {}): Promise<GuardedRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-auth-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'config.yml');
  const { core, log: logs, ...rest } = sections;
  const file = {
    sandbox: { enabled: true },
    core: { address: '127.0.0.1', ...core },
    queue: { local: { path: '' } },
    log: { access_log: 'stderr', error_level: 'debug', ...logs },
    auth: { keys: KEYS },
    ...rest,
  };
  writeFileSync(path, stringify(file));
  const loaded = loadConfig({ path, env: {}, cwd: folder, home: folder }).config;
  // A free port, which a file cannot ask for.
  const config = { ...loaded, core: { ...loaded.core, port: '0' }, grpc: { ...loaded.grpc, port: '0' } };
  const texts = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof texts) => ({ write: (text: string) => (texts[name] += text) });
  const log = createLog(config.log, { stdout: sink('stdout'), stderr: sink('stderr') });
  const sandbox = await openSandbox(config, log);
  const server = await startServer({ version: '0', log, ...sandbox?.parts, config: sandbox?.config ?? config });
  onTestFinished(async () => {
    await server.close();
    await sandbox?.close();
    log.close();
  });
  const flushed = (): typeof texts => {
    log.flush();
    return texts;
  };
  return {
    ...server,
    url: server.url ?? '',
    folder,
    lines: () => flushed().stdout + flushed().stderr,
    audited: () =>
      flushed()
        .stdout.split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

export const NOTIFICATION = { platform: 2, tokens: ['token-1', 'token-2'], message: 'hello' };

/** POST /api/push of one notification for two devices. */
export const push = (url: string, headers: Record<string, string> = {}, notification: object = NOTIFICATION) =>
  ask(`${url}/api/push`, { method: 'POST', headers, body: JSON.stringify({ notifications: [notification] }) });
