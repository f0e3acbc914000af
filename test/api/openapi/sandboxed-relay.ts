import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import type { OpenApiDocument } from '../../../src/api/openapi/document.ts';
import { loadConfig } from '../../../src/host/config/load.ts';
import { openSandbox } from '../../../src/host/sandbox/sandbox-mode.ts';
import { type RunningServer, startServer } from '../../../src/host/server.ts';
import { createLog } from '../../../src/observe/log/log.ts';

export interface SandboxedRelay extends AsyncDisposable {
  readonly url: string;
  readonly hub: RunningServer['hub'];
  /** What it says of itself. */
  readonly document: OpenApiDocument;
  /** Lines of ERROR and WARN. */
  errors(): string;
}

/**
 * The relay of `npm start` on the test's own event loop.
 * @param overlay of the configuration, section by section
 * @param headers that get its description
 */
export async function startSandboxedRelay(
  overlay: { [section: string]: object } = {},
  headers: Record<string, string> = {},
): Promise<SandboxedRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-openapi-'));
  const path = join(folder, 'config.yml');
  const { core, ...rest } = overlay;
  writeFileSync(
    path,
    stringify({
      sandbox: { enabled: true },
      core: { address: '127.0.0.1', ...core },
      queue: { local: { path: join(folder, 'queue.db') } },
      apps: { path: join(folder, 'apps.db') },
      hub: { enabled: true, path: '' },
      ...rest,
    }),
  );
  const loaded = loadConfig({ path, env: {}, cwd: folder, home: folder }).config;
  // A free port, which a file cannot ask for.
  const config = { ...loaded, core: { ...loaded.core, port: '0' } };
  let errors = '';
  const tell = (text: string): void => {
    errors += text;
  };
  const log = createLog(config.log, { stdout: { write() {} }, stderr: { write: tell } });
  const sandbox = await openSandbox(config, log);
  const server = await startServer({
    version: '0.0.0',
    log,
    env: {},
    masterKey: randomBytes(32).toString('base64'),
    ...sandbox?.parts,
    config: sandbox?.config ?? config,
  });
  const url = server.url as string;
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const { body } = await request(`${url}/openapi.json`, { headers, dispatcher });
  const document = (await body.json()) as OpenApiDocument;
  await dispatcher.close();
  return {
    url,
    hub: server.hub,
    document,
    errors: () => errors,
    async [Symbol.asyncDispose]() {
      await server.close();
      await sandbox?.close();
      log.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
