import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { listening } from './listening.ts';
import { until } from './until.ts';

/** A server that is no part of this project, in a process of its own; its folder outlives a restart. */
export interface RunningProgram {
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly addr: string;
  readonly folder: string;
  /** What it printed so far. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and folder. */
  start(): Promise<void>;
  /** Sends a signal to its first process, and does not wait. */
  signal(signal: NodeJS.Signals): void;
  /** The same for it and all processes that it has started, the first one first. */
  signalAll(signal: NodeJS.Signals): void;
  /** Stops it and deletes its folder. */
  end(): Promise<void>;
}

/** Sends a signal to a process. @returns those that it has started; none when it has ended in the meantime */
function signalled(pid: number, signal: NodeJS.Signals): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    process.kill(pid, signal);
    return children.map(Number);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

class Program implements RunningProgram {
  readonly #name: string;
  readonly #args: readonly string[];
  readonly port: number;
  readonly addr: string;
  readonly folder: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(name: string, args: readonly string[], port: number, folder: string) {
    this.#name = name;
    this.#args = args;
    this.port = port;
    this.addr = `127.0.0.1:${port}`;
    this.folder = folder;
  }

  output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    // A process group of its own: workers must not outlive their master.
    const child = spawn(this.#name, this.#args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.#output += chunk));
    child.on('error', (error) => (this.#output += error.message));
    await until(async () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${this.#name} ended: ${this.#output}`);
      return listening(this.port);
    }, `${this.#name} listens`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  signalAll(signal: NodeJS.Signals): void {
    const all = (pid: number): void => {
      for (const child of signalled(pid, signal)) all(child);
    };
    if (this.#child?.pid) all(this.#child.pid);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'close');
    process.kill(-child.pid, signal);
    await gone;
  }

  async end(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const TRIES = 3;

/** Starts a program on a free port and in a folder of its own, and waits until it listens. @param args of its command line */
export async function startProgram(
  name: string,
  args: (port: number, folder: string) => Promise<readonly string[]> | readonly string[],
): Promise<RunningProgram> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'martlet-peer-'));
    const program = new Program(name, await args(port, folder), port, folder);
    try {
      await program.start();
      return program;
    } catch (error) {
      await program.end();
      // Another process may have taken the port meanwhile.
      if (tries === TRIES) throw error;
    }
  }
}
