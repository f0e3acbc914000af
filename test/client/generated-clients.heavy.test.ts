import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { listening } from '../support/listening.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

// The description of the API is good enough for generators that are not ours: what they make of it compiles, and drives a relay.
const root = fileURLToPath(new URL('../../', import.meta.url));
const description = join(root, 'docs/openapi.json');
const folder = mkdtempSync(join(tmpdir(), 'martlet-generated-'));

let relay: ChildProcess;
let url = '';

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    GORUSH_CORE_PORT: String(port),
    GORUSH_CORE_ADDRESS: '127.0.0.1',
    GORUSH_CORE_SYNC: 'true',
    MARTLET_HUB_ENABLED: 'true',
  };
  const args = [join(root, 'src/main.ts'), '-c', join(root, 'config.yml')];
  relay = spawn(process.execPath, args, { cwd: folder, env, stdio: 'ignore' });
  await until(() => listening(port));
});

afterAll(() => {
  relay.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const run = (program: string, args: readonly string[], cwd = folder): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const seen = { counts: 2, dead: ['sandbox-unregistered-1'], status: 'partly_failed', timezone: 'Europe/Athens' };

test(
  'openapi-python-client makes a client for Python, which pushes, explains and keeps people',
  needs('openapi-python-client'),
  () => {
    const target = join(folder, 'martlet_client');
    run('openapi-python-client', ['generate', '--path', description, '--meta', 'none', '--output-path', target]);
    copyFileSync(join(root, 'test/client/generated/drive.py'), join(folder, 'drive.py'));
    expect(JSON.parse(run('python3', ['drive.py', url]))).toEqual(seen);
  },
);

test('oapi-codegen makes a client for Go, which pushes, explains and keeps people', needs('oapi-codegen', 'go'), () => {
  const module = join(folder, 'go');
  mkdirSync(join(module, 'martlet'), { recursive: true });
  const out = join(module, 'martlet/martlet.go');
  run('oapi-codegen', ['-generate', 'types,client', '-package', 'martlet', '-o', out, description]);
  writeFileSync(join(module, 'go.mod'), 'module generated\n\ngo 1.24\n');
  copyFileSync(join(root, 'test/client/generated/drive.go'), join(module, 'main.go'));
  run('go', ['mod', 'tidy'], module);
  expect(JSON.parse(run('go', ['run', '.', url], module))).toEqual(seen);
});
