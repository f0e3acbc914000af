import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startRelay } from './running-relay.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The exit code of `martlet --ping` with the configuration of a relay. */
const ping = (folder: string, ...more: string[]): Promise<number> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, '-c', 'config.yml', '--ping', ...more], { cwd: folder }, () =>
      resolve(child.exitCode as number),
    );
  });

test('--ping ends with 0 while the server of that configuration is healthy, and with 1 afterwards', async () => {
  await using relay = await startRelay();
  expect(await ping(relay.folder)).toBe(0);
  expect(await ping(relay.folder, '-p', '1')).toBe(1);
  relay.child.kill('SIGTERM');
  await relay.ended();
  expect(await ping(relay.folder)).toBe(1);
});
