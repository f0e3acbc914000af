import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

function start(
  config: string,
  env: Record<string, string> = {},
  flags: readonly string[] = [],
): { child: ChildProcess; output: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-faces-'));
  writeFileSync(join(folder, 'config.yml'), config);
  const child = spawn(process.execPath, [...flags, MAIN, '-c', 'config.yml'], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, output: () => output };
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.on('exit', resolve));

test('core.enabled: false serves gRPC alone, until a signal', async () => {
  const port = await freePort();
  const config = `sandbox: {enabled: true}\nios: {enabled: true}\ncore: {enabled: false}\ngrpc: {enabled: true, port: "${port}"}\n`;
  const { child, output } = start(config);
  await until(() => output().includes('serves no HTTP'));
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
  expect(child.exitCode).toBe(null);
  child.kill('SIGTERM');
  expect(await ended(child)).toBe(0);
});

test('with neither HTTP nor gRPC the process ends and names the settings', async () => {
  const { child, output } = start('sandbox: {enabled: true}\nios: {enabled: true}\ncore: {enabled: false}\n');
  expect(await ended(child)).toBe(1);
  expect(output()).toContain('core.enabled: HTTP and gRPC are both off');
  expect(output()).toContain('grpc.enabled');
});

test.each([
  { way: 'read at the start', flags: [] },
  { way: 'read by Node when it is needed', flags: ['--use-system-ca'] },
])('an authority in SSL_CERT_FILE is trusted, as Gorush trusts it: $way', async ({ flags }) => {
  const authority = makeAuthority();
  const provider = createServer(authority.leaf(['localhost']), (_req, res) => res.end());
  const asked = new Promise<void>((resolve) => provider.on('request', () => resolve()));
  provider.listen(0, '127.0.0.1');
  await new Promise((resolve) => provider.once('listening', resolve));
  onTestFinished(() => void provider.close());
  const { port: hook } = provider.address() as { port: number };
  const file = join(mkdtempSync(join(tmpdir(), 'martlet-ca-')), 'ca.pem');
  writeFileSync(file, authority.ca);
  const port = await freePort();
  const config = `sandbox: {enabled: true}\nios: {enabled: true}\ncore: {address: 127.0.0.1, port: "${port}", feedback_hook_url: "https://localhost:${hook}/"}\n`;
  const { output } = start(config, { SSL_CERT_FILE: file }, flags);
  await until(() => output().includes('serves http'));
  const body = JSON.stringify({ notifications: [{ platform: 1, tokens: ['nonsense'], message: 'hi' }] });
  await fetch(`http://127.0.0.1:${port}/api/push`, { method: 'POST', body });
  await asked;
});
