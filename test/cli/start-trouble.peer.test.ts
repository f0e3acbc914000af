import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { folderWith } from '../tls/tls-kit.ts';
import { runMartlet } from './run-martlet.ts';

test('a second start on the same port names the setting, the way out, and what the system says', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await once(first, 'listening');
  onTestFinished(() => void first.close());
  const { port } = first.address() as AddressInfo;
  const cwd = folderWith({
    'config.yml': `sandbox: {enabled: true}\ncore: {address: "127.0.0.1", port: "${port}"}\nqueue: {local: {path: ""}}`,
  });
  const { code, stderr } = await runMartlet([], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(
    `core.port: ${port} is taken by another program: end it (lsof -i :${port} names it), or set core.port to a free port (listen EADDRINUSE`,
  );
});

test('a file that is not there, and a folder without one, say how to get one', async () => {
  const cwd = folderWith({});
  const env = { HOME: cwd };
  const missing = await runMartlet(['-c', 'gone.yml'], { cwd, env });
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^-c: gone\.yml: cannot be read: no such file or directory; name another with -c, or have martlet init write one \(Gorush: /,
    ),
  });
  const empty = await runMartlet([], { cwd, env });
  expect(empty.code).toBe(1);
  expect(empty.stderr).toContain('ios.enabled: please enable');
  expect(empty.stderr).toContain(
    'no configuration file was found, neither here nor in ~/.gorush nor in /etc/gorush: have martlet init write one, or name one with -c',
  );
});
