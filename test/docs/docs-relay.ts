import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { listening } from '../support/listening.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const main = join(root, 'src/main.ts');

export interface DocsRelay {
  /** Where what a reader has lies: `config.yml`, keys. */
  readonly folder: string;
  /** As a reader pastes them into a shell; each command has to succeed. @returns what they print */
  paste(commands: string): Promise<string>;
  close(): void;
}

/** The relay that `npm start` starts, in a folder of its own. @param more lines for its config.yml */
export async function startDocsRelay(more = ''): Promise<DocsRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-docs-'));
  const port = await freePort();
  const url = `127.0.0.1:${port}`;
  writeFileSync(join(folder, 'config.yml'), `${readFileSync(join(root, 'config.yml'), 'utf8')}\n${more}`);
  writeFileSync(join(folder, 'martlet'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(join(folder, 'martlet'), 0o700);
  symlinkSync(join(root, 'examples'), join(folder, 'examples'));
  const PATH = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
  // So that apps can be made.
  const MARTLET_MASTER_KEY = Buffer.alloc(32, 1).toString('base64');
  const env = {
    ...process.env,
    PATH,
    MARTLET_MASTER_KEY,
    GORUSH_CORE_PORT: String(port),
    GORUSH_CORE_ADDRESS: '127.0.0.1',
  };
  const relay: ChildProcess = spawn(process.execPath, [main, '-c', 'config.yml'], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
  await until(() => listening(port));
  return {
    folder,
    async paste(commands) {
      const script = [
        'set -e',
        'curl() { command curl -sS --fail-with-body "$@"; echo; }',
        `relay=http://${url}; json='content-type: application/json'`,
        commands.replaceAll('localhost:8088', url),
      ].join('\n');
      const options = { cwd: folder, env };
      const { stdout } = await run('bash', ['-o', 'pipefail', '-c', script], options).catch((error) => {
        throw new Error(`${error.message}\n${error.stdout}`);
      });
      return stdout;
    },
    close() {
      relay.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
