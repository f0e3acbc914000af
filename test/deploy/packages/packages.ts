import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { freePort } from '../../support/free-port.ts';

export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
export const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };

export const emptyFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-packages-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Runs `npm run package` into a folder. */
export function makePackages(output: string, ...words: string[]): void {
  const program = join(REPOSITORY, 'scripts/packages/make-packages.ts');
  execFileSync(process.execPath, [program, '--output', output, ...words], { stdio: 'pipe' });
}

/** The one file whose name ends like this. */
export function fileOf(folder: string, ending: string): string {
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  expect(names).toHaveLength(1);
  return join(folder, names[0]!);
}

/** What the executable gets of this machine: no Node, no npm, no variables. */
export const bare = (folder: string): NodeJS.ProcessEnv => ({ PATH: '/nowhere', HOME: folder });

export interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  /** All that was written so far. */
  readonly output: () => string;
  /** Ends it as an orchestrator does. @returns the exit code */
  stop(): Promise<number | null>;
}

/** Serves with a configuration, in an empty folder; `core.address` and `core.port` are given. */
export async function serve(executable: string, config: string): Promise<Served> {
  const folder = emptyFolder();
  const port = await freePort();
  writeFileSync(join(folder, 'config.yml'), config.replace('PORT', String(port)));
  const child = spawn(executable, [], { cwd: folder, env: bare(folder), stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const url = `http://127.0.0.1:${port}`;
  const healthy = (): Promise<unknown> =>
    fetch(`${url}/healthz`).then(
      ({ status }) => status,
      () => (child.exitCode === null ? 0 : output),
    );
  await expect.poll(healthy).toBe(200);
  const stop = async (): Promise<number | null> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await ended;
    return code;
  };
  return { url, child, output: () => output, stop };
}

/** Posts JSON. @returns the answer's */
export async function post(url: string, body: unknown, method = 'POST'): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return text === '' ? response.status : JSON.parse(text);
}
