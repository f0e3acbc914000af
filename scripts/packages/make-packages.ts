/**
 * npm run package [-- --cpu x64] [--cpu arm64] [--kind tar] [--kind deb] [--kind rpm] [--output FOLDER]: a single executable for Linux
 * as a .tar.gz, and as Debian's and RPM's packages, where dpkg-deb and rpmbuild are there. Node comes from npm, of the version that runs this.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CPUS, type Cpu } from './cpu.ts';
import { makeDeb } from './deb.ts';
import { makeExecutable } from './executable.ts';
import { makeProgram, type Program } from './program.ts';
import { makeRpm } from './rpm.ts';
import type { Contents } from './tree.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** What needs no package manager: a folder to be unpacked anywhere. */
function makeTarball({ executable, licences }: Contents, cpu: Cpu, folder: string, output: string): string {
  const name = `martlet-${version}-linux-${cpu}`;
  const tree = join(folder, name);
  mkdirSync(tree, { recursive: true });
  cpSync(executable, join(tree, 'martlet'));
  cpSync(join(root, 'deploy/packages/config.yml'), join(tree, 'config.yml'));
  cpSync(join(root, 'deploy/systemd/martlet.service'), join(tree, 'martlet.service'));
  writeFileSync(join(tree, 'LICENSES.txt'), licences);
  const file = join(output, `${name}.tar.gz`);
  execFileSync('tar', ['--owner=0', '--group=0', '-czf', file, name], { cwd: folder });
  return file;
}

const KINDS = {
  tar: { maker: 'tar', make: makeTarball },
  deb: { maker: 'dpkg-deb', make: makeDeb },
  rpm: { maker: 'rpmbuild', make: makeRpm },
} as const;

async function makeFor(
  cpu: Cpu,
  program: Program,
  kinds: readonly (keyof typeof KINDS)[],
  folder: string,
): Promise<void> {
  const { path, licence, hasCodeCache } = await makeExecutable(program, cpu, folder);
  if (!hasCodeCache) console.log(`${cpu}: nothing here runs its programs, so it has no code cache and starts slower`);
  const licences = [join(root, 'LICENSE'), licence].map((file) => readFileSync(file, 'utf8'));
  const contents = { root, executable: path, licences: [...licences, program.licences].join('\n\n'), version };
  for (const kind of kinds) {
    const { maker, make } = KINDS[kind];
    if (spawnSync(maker, ['--version'], { stdio: 'ignore' }).status !== 0) {
      console.log(`${kind}: no ${maker} here`);
      continue;
    }
    const file = make(contents, cpu, join(folder, kind), output);
    console.log(`${relative(process.cwd(), file)}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  }
}

/** Those that are named of a table, or all. */
function chosen<K extends string>(flag: string, words: readonly string[] | undefined, table: Record<K, unknown>): K[] {
  const all = Object.keys(table) as K[];
  const strange = words?.find((word) => !(all as string[]).includes(word));
  if (strange !== undefined) throw new Error(`--${flag} ${strange}: ${all.join(' or ')}`);
  return words === undefined ? all : all.filter((name) => words.includes(name));
}

const { values } = parseArgs({
  options: {
    ...{ cpu: { type: 'string', multiple: true }, kind: { type: 'string', multiple: true } },
    output: { type: 'string', default: join(root, 'dist-packages') },
  },
});
const cpus = chosen('cpu', values.cpu, CPUS);
const kinds = chosen('kind', values.kind, KINDS);
const output = resolve(values.output);
mkdirSync(output, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'martlet-packages-'));
try {
  const program = await makeProgram(root, folder);
  for (const cpu of cpus) await makeFor(cpu, program, kinds, join(folder, cpu));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
