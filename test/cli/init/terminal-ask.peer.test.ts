import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

const LAUNCHER = fileURLToPath(new URL('../../../bin/martlet', import.meta.url));

/** On a terminal, which `script` of util-linux makes. @param keys what is typed */
const onTerminal = (command: string, cwd: string, keys: string): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    const child = execFile('script', ['-qec', command, '/dev/null'], { cwd }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout }),
    );
    child.stdout?.once('data', () => child.stdin?.write(keys));
  });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'martlet-init-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('on a terminal martlet init asks, and writes what was answered, also by someone who types ahead', async () => {
  const cwd = folder();
  const { code, said } = await onTerminal(`${LAUNCHER} init`, cwd, '\nyes\n\n9001\nshop\n');
  expect([code, said]).toEqual([
    0,
    expect.stringContaining('Simulated providers, to try it out without accounts? [yes] '),
  ]);
  expect(said).toContain('wrote config.yml');
  expect(parse(readFileSync(join(cwd, 'config.yml'), 'utf8'))).toMatchObject({
    ...{ sandbox: { enabled: true }, hub: { enabled: true }, core: { address: '127.0.0.1', port: '9001' } },
    auth: { keys: { shop: { scopes: ['push', 'read', 'users'] } } },
  });
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s leaves it, and nothing is written', async (_name, key) => {
  const cwd = folder();
  const { code, said } = await onTerminal(`${LAUNCHER} init`, cwd, key);
  expect([code, said]).toEqual([1, expect.stringContaining('nothing was written')]);
  expect(readdirSync(cwd)).toEqual([]);
});
