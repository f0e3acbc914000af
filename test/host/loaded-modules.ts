import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { listening } from '../support/listening.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Notes each module that Node loads. */
const NOTING = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { appendFileSync('loaded', url + '\\n'); return next(url, context); } });
`;

/**
 * The modules of a relay from sources, from its start to its end.
 * @param config without its address @param use does something with it while it serves, at this origin
 */
export async function loadedModules(
  config: (folder: string) => string,
  use: (origin: string) => Promise<void>,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-loaded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'noting.mjs'), NOTING);
  const port = await freePort();
  writeFileSync(
    join(folder, 'config.yml'),
    config(folder).replace('core: {', `core: {port: "${port}", address: 127.0.0.1, `),
  );
  const child = spawn(process.execPath, ['--import', './noting.mjs', MAIN], { cwd: folder, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(() => listening(port));
  await use(`http://127.0.0.1:${port}`);
  const ended = once(child, 'exit');
  child.kill();
  expect(await ended).toEqual([0, null]);
  return readFileSync(join(folder, 'loaded'), 'utf8').split('\n');
}
