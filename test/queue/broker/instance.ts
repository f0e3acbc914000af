import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./mortal-instance.ts', import.meta.url));

/** An instance in a process of its own (mortal-instance.ts). */
export class Instance {
  readonly #child: ChildProcess;
  #output = '';
  readonly ended: Promise<void>;

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk) => (this.#output += chunk));
    this.ended = new Promise((resolve) => this.#child.on('close', () => resolve()));
  }

  get isDead(): boolean {
    return this.#child.signalCode !== null;
  }

  /** The rest of its lines that begin with this word. */
  about(word: string): string[] {
    const lines = this.#output.split('\n').filter((line) => line.startsWith(`${word} `));
    return lines.map((line) => line.slice(word.length + 1));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.ended;
  }
}
