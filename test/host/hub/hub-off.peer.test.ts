import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { listening } from '../../support/listening.ts';
import { until } from '../../support/until.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** Notes each module that Node loads. */
const NOTING = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { appendFileSync('loaded', url + '\\n'); return next(url, context); } });
`;

/** What is for the hub alone. */
const OF_THE_HUB = /\/src\/(?:hub|api\/hub|host\/hub)\/|\/src\/host\/(?:open-hub|hub-)|\/node_modules\/(?:kysely|pg)\//;

/** The modules of a relay that has sent a push. @param more of its configuration */
async function loadedBy(more: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-loaded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'noting.mjs'), NOTING);
  const port = await freePort();
  const gorush = `core: {port: "${port}", address: 127.0.0.1, sync: true}\nios: {enabled: true}\nandroid: {enabled: true}\n`;
  writeFileSync(join(folder, 'config.yml'), `${gorush}sandbox: {enabled: true}\n${more}`);
  const child = spawn(process.execPath, ['--import', './noting.mjs', MAIN], { cwd: folder, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(() => listening(port));
  const body = JSON.stringify({ notifications: [{ platform: 2, tokens: ['a'], message: 'hi' }] });
  const pushed = await fetch(`http://127.0.0.1:${port}/api/push`, { method: 'POST', body });
  expect(await pushed.json()).toMatchObject({ success: 'ok', logs: [] });
  const ended = once(child, 'exit');
  child.kill();
  expect(await ended).toEqual([0, null]);
  return readFileSync(join(folder, 'loaded'), 'utf8').split('\n');
}

test("with Gorush's own file the hub is off, and a relay that starts, sends and ends has loaded nothing of it", async () => {
  const loaded = await loadedBy('');
  expect(loaded.filter((url) => url.includes('/src/')).length).toBeGreaterThan(300);
  expect(loaded.filter((url) => OF_THE_HUB.test(url))).toEqual([]);
  const withHub = await loadedBy('hub: {enabled: true}\n');
  expect(withHub.filter((url) => OF_THE_HUB.test(url)).length).toBeGreaterThan(100);
});
