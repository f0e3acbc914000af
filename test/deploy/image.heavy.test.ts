import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { buildImage, type Image } from './image.ts';

const VERSION = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8')).version;

async function outcome(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

/** A folder as an engine makes a volume from one of the image: its owner is the image's user. */
function volume(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-volume-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  chownSync(folder, 1000, 1000);
  execFileSync('chmod', ['755', folder]);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('the image', needs('overlayfs', 'package registry'), () => {
  let image: Image;
  beforeAll(() => {
    image = buildImage();
  }, 600_000);
  afterAll(() => image?.remove());

  test('answers to both names, has no package manager and no development packages', async () => {
    for (const name of ['/bin/martlet', '/bin/gorush'])
      expect(await outcome(image.run({ command: [name, '--version'] }))).toEqual({
        code: 0,
        output: `GoRush v1.22.0, Commit: martlet ${VERSION}\n`,
      });
    const { output } = await outcome(
      image.run({ command: ['sh', '-c', 'command -v npm; ls /app/node_modules; id -un'] }),
    );
    const names = output.split('\n');
    expect(names).toContain('express');
    for (const name of ['typescript', 'vitest', '@biomejs', 'node', '/usr/local/bin/npm'])
      expect(names).not.toContain(name);
    expect(output.trim()).toMatch(/gorush$/);
  });

  test('what V8 has to compile for a start is in it, for its user', async () => {
    const { output } = await outcome(
      image.run({ env: { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }, command: ['/bin/martlet', '--version'] }),
    );
    expect(output).toMatch(/bundle\/main\.js was accepted/);
  });

  test('serves from a read-only root as its user: a push arrives, the health check passes, the queue is on the volume', async () => {
    const port = await freePort();
    const data = volume();
    const env = {
      MARTLET_SANDBOX_ENABLED: 'true',
      GORUSH_IOS_ENABLED: 'true',
      GORUSH_CORE_SYNC: 'true',
      GORUSH_CORE_PORT: String(port),
    };
    const server = image.run({ env, mounts: { '/home/gorush/data': data } });
    const ended = outcome(server);
    const healthy = () =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ status }) => status,
        () => server.exitCode,
      );
    await expect.poll(healthy).toBe(200);
    const body = {
      notifications: [{ platform: 1, tokens: ['a1b2c3d4'.repeat(8)], topic: 'com.example', message: 'hi' }],
    };
    const pushed = await fetch(`http://127.0.0.1:${port}/api/push`, { method: 'POST', body: JSON.stringify(body) });
    expect(await pushed.json()).toMatchObject({ success: 'ok', logs: [] });
    for (const path of ['/docs', '/docs/guides', '/docs/guides/hub/api', '/docs/images/console-light.png'])
      expect([path, (await fetch(`http://127.0.0.1:${port}${path}`)).status]).toEqual([path, 200]);
    const check = image.last.instructions.find(({ word }) => word === 'HEALTHCHECK')!.text.replace(/^CMD /, '');
    expect((await outcome(image.run({ env, command: JSON.parse(check) }))).code).toBe(0);
    expect(readdirSync(data)).toContain('queue.db');
    const write = ['sh', '-c', 'touch /home/gorush/data/here && ! touch /home/gorush/x /app/x /bin/x'];
    expect((await outcome(image.run({ mounts: { '/home/gorush/data': data }, command: write }))).code).toBe(0);
    server.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect((await outcome(image.run({ env, command: JSON.parse(check) }))).code).toBe(1);
  });

  test.each(['/config.yml', '/home/gorush/config.yml', '/etc/gorush/config.yml'])(
    'reads a configuration that is mounted at %s',
    async (place) => {
      const folder = volume({ 'config.yml': 'sandbox: {enabled: true}\nios: {enabled: true}\ncore: {bogus: 1}\n' });
      const mounts = { [place]: join(folder, 'config.yml') };
      const { output } = await outcome(image.run({ mounts, command: ['/bin/martlet', 'check'] }));
      expect(output).toContain('core.bogus');
    },
  );
});
