import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Cpu } from './cpu.ts';

/** Node's own files: its program and its licence. */
export interface Node {
  readonly program: string;
  readonly licence: string;
}

/** Node of the version that runs this, for a processor: from npm, where the package `node` has it from, too. */
export function nodeFor(cpu: Cpu, folder: string): Node {
  const home = join(folder, `node-linux-${cpu}`);
  mkdirSync(home, { recursive: true });
  const version = process.version.slice(1);
  const packed = execFileSync('npm', ['pack', '--silent', `node-linux-${cpu}@${version}`], {
    cwd: home,
    encoding: 'utf8',
  });
  execFileSync('tar', ['-xzf', packed.trim(), '--strip-components=1'], { cwd: home });
  return { program: join(home, 'bin', 'node'), licence: join(home, 'LICENSE') };
}
