import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { nodeFlags } from '../../scripts/node-flags.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/martlet', import.meta.url));

const run = (file: string, args: string[], PATH = process.env.PATH ?? ''): Promise<string> =>
  new Promise((resolve) => {
    execFile(file, args, { env: { ...process.env, PATH } }, (error, stdout, stderr) =>
      resolve(`${error?.code ?? 0} ${stdout}${stderr}`),
    );
  });

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'martlet-bin-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The launcher in a package whose program prints how it was called. @param node what `node --version` says there */
function packaged(node: string): { readonly launcher: string; readonly path: string } {
  const home = folder();
  for (const name of ['bin', 'dist', 'path']) mkdirSync(join(home, name));
  const launcher = join(home, 'bin', 'martlet');
  copyFileSync(LAUNCHER, launcher);
  const program = join(home, 'path', 'node');
  writeFileSync(program, `#!/bin/sh\n[ "$1" = --version ] && echo ${node} || echo "$@ as $MARTLET_COMMAND"\n`);
  chmodSync(program, 0o755);
  return { launcher, path: `${dirname(program)}:/usr/bin:/bin` };
}

test('a checkout has it, and a link to it works from anywhere', async () => {
  const link = join(folder(), 'martlet');
  symlinkSync(LAUNCHER, link);
  for (const file of [LAUNCHER, link])
    expect(await run(file, ['-V'])).toMatch(/^0 GoRush v1\.22\.0, Commit: martlet \d/);
  expect(await run(LAUNCHER, ['vapid', 'x'])).toMatch(/^2 vapid takes/);
});

test('a package runs what was built, with the flags that Node needs', async () => {
  const { launcher, path } = packaged('v24.1.0');
  const main = join(dirname(launcher), '../dist/main.js');
  expect(await run(launcher, ['check', '-c', 'a b.yml'], path)).toBe(
    `0 ${nodeFlags().join(' ')} ${main} check -c a b.yml as ${launcher}\n`,
  );
});

test.each([['v22.14.0'], ['v8.17.0'], ['nonsense']])(
  'a Node that is too old (%s) is told in one line',
  async (version) => {
    const { launcher, path } = packaged(version);
    expect(await run(launcher, [], path)).toMatch(
      new RegExp(`^1 martlet needs Node 24 or later \\(the hub: 26\\), and this is ${version}: .*\n$`),
    );
  },
);

test('no Node at all is told as well', async () => {
  const { launcher } = packaged('v24.0.0');
  const bare = folder();
  for (const name of ['sh', 'readlink', 'dirname']) symlinkSync(join('/bin', name), join(bare, name));
  expect(await run(launcher, [], bare)).toMatch(
    /^1 martlet needs Node 24 or later .*and this is no Node at all: .*\n$/,
  );
});
