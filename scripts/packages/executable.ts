/** The single executable: Node with the program and its files in it (Node's SEA). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../node-flags.ts';
import { recordCodeCaches } from './code-caches.ts';
import { type Cpu, commandFor } from './cpu.ts';
import { nodeFor } from './node-for.ts';
import type { Program } from './program.ts';
import { strip } from './strip.ts';

export interface Executable {
  readonly path: string;
  /** Of Node. */
  readonly licence: string;
  /** Without one it starts slower. */
  readonly hasCodeCache: boolean;
}

function build(node: string, assets: Program['assets'], output: string): void {
  const start = fileURLToPath(new URL('start.cjs', import.meta.url));
  const config = {
    // A relative path: it is in the executable.
    ...{ main: basename(start), executable: node, output, assets },
    ...{ disableExperimentalSEAWarning: true, execArgv: nodeFlags(), execArgvExtension: 'env' },
  };
  const file = `${output}.json`;
  writeFileSync(file, JSON.stringify(config));
  execFileSync(process.execPath, [`--build-sea=${file}`], {
    cwd: dirname(start),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** @param folder to be made, for what is made on the way and where it will be */
export async function makeExecutable({ assets }: Program, cpu: Cpu, folder: string): Promise<Executable> {
  mkdirSync(folder);
  const { program, licence } = nodeFor(cpu, folder);
  strip(program);
  const recorder = join(folder, 'recorder');
  build(program, { ...assets, record: licence }, recorder);
  const command = commandFor(cpu, recorder);
  const caches = command && (await recordCodeCaches(command, join(folder, 'recording')));
  const path = join(folder, 'martlet');
  build(program, { ...assets, ...caches }, path);
  return { path, licence, hasCodeCache: caches !== undefined };
}
