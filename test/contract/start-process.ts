import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RelayUnderTest } from './relay-under-test.ts';
import type { Workplace } from './workplace.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A relay or a command as a process of its own. */
export interface RelayProcess extends RelayUnderTest {
  signal(name: NodeJS.Signals): void;
  /** Waits for its end, at most `ms`. */
  ended(ms: number): Promise<boolean>;
}

const limit = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function outputOf(child: ChildProcess) {
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  return output;
}

/** Runs `main.ts` with these arguments in the case's folder, with no environment but the case's. */
export function startProcess({ dir, env }: Workplace, argv: readonly string[]): RelayProcess {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A hundred starts of the same program: compiled once.
    env: { PATH: process.env.PATH, HOME: dir, NODE_COMPILE_CACHE: join(dir, '..', 'compiled'), ...env },
  });
  const output = outputOf(child);
  let code: number | undefined;
  const closed = once(child, 'close').then(([status]) => {
    code = status ?? -1;
  });
  return {
    output,
    get exitCode() {
      return code;
    },
    idle: () => undefined,
    signal: (name) => void child.kill(name),
    async ended(ms) {
      await Promise.race([closed, limit(ms)]);
      return code !== undefined;
    },
    async close() {
      if (code === undefined) child.kill('SIGKILL');
      await closed;
    },
  };
}
