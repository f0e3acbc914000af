import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';
import { ask, authority, folderWith, http1, http2Session } from '../tls/tls-kit.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The real process with its sandbox, serving HTTPS. */
async function startHttps() {
  const { cert, key } = authority.leaf(['localhost']);
  const folder = folderWith({ 'cert.pem': cert, 'key.pem': key });
  const port = await freePort();
  const core = { ssl: true, sync: true, address: '127.0.0.1', port: String(port) };
  const config = { core, sandbox: { enabled: true }, queue: { local: { path: '' } } };
  writeFileSync(join(folder, 'config.yml'), stringify(config));
  const child = spawn(process.execPath, [MAIN], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `https://localhost:${port}`;
  const up = () =>
    http1(`${url}/healthz`).then(
      ({ status }) => status,
      () => (child.exitCode === null ? 0 : output),
    );
  await expect.poll(up).toBe(200);
  return { child, folder, port, url, output: () => output };
}

const shownName = async (port: number): Promise<string> => {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.ca });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
};

test('the relay serves HTTPS: pushes by both protocols, every route, --ping, a new certificate on SIGHUP, an orderly end', async () => {
  const { child, folder, port, url, output } = await startHttps();
  const session = http2Session(port);
  const token = 'a1b2c3d4'.repeat(8);
  const notification = { platform: 1, tokens: [token], topic: 'com.example.app', message: 'hi' };
  const body = JSON.stringify({ notifications: [notification] });
  const pushed = await ask(session, '/api/push', { method: 'POST', body });
  expect(pushed.status).toBe(200);
  expect(JSON.parse(pushed.body)).toMatchObject({ success: 'ok', logs: [] });
  for (const path of [
    '/',
    '/version',
    '/metrics',
    '/api/stat/go',
    '/api/stat/app',
    '/api/config',
    '/sys/stats',
    '/readyz',
    '/sandbox/deliveries',
    '/no/such',
    '/version/',
    '/%zz',
  ]) {
    const [first, second] = [await http1(url + path), await ask(session, path)];
    expect([path, second.status]).toEqual([path, first.status]);
  }
  const tooLarge = await ask(session, '/api/push', { method: 'POST', body: 'x'.repeat(11_000_000) });
  expect(tooLarge.status).toBe(413);

  const ping = execFile(process.execPath, [MAIN, '--ping'], { cwd: folder });
  expect((await once(ping, 'exit'))[0]).toBe(0);

  const renewed = authority.leaf(['renewed.example', 'localhost']);
  writeFileSync(join(folder, 'cert.pem'), renewed.cert);
  writeFileSync(join(folder, 'key.pem'), renewed.key);
  child.kill('SIGHUP');
  await expect.poll(() => shownName(port)).toBe('renewed.example');

  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(output()).not.toMatch(/Warning|Error/);
});
