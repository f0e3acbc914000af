import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Loaded before the relay: SIGUSR2 makes it crash as a mistake would that its net for errors does not catch. */
const CRASH = `process.on('SIGUSR2', () => {
  process.removeAllListeners('uncaughtException');
  setImmediate(() => { throw new Error('provoked'); });
});`;

type Sections = Readonly<Record<string, unknown>>;

export interface Asked {
  readonly status: number;
  /** Headers and body. */
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** The real process, everything it writes, and everything it answers. */
export class WatchedRelay {
  readonly folder = mkdtempSync(join(tmpdir(), 'martlet-leaks-'));
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #output = '';
  #url = '';

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
    writeFileSync(join(this.folder, 'crash.mjs'), CRASH);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts `martlet …args` with this config.yml; resolves when it serves. */
  async serve(sections: Sections & { core?: object }): Promise<void> {
    const port = await freePort();
    this.#url = `http://127.0.0.1:${port}`;
    const core = { address: '127.0.0.1', port: String(port), ...sections.core };
    const child = this.#spawn({ ...sections, core }, ['-c', this.path('config.yml')]);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the process ended: ${this.#output}`);
      const up = await fetch(`${this.#url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (up) return;
      await sleep(20);
    }
  }

  /** Runs a command to its end, or until it serves. @param config sections, or the text of config.yml as it is. @returns its exit code */
  async run(config: Sections | string, ...args: string[]): Promise<number | null> {
    const child = this.#spawn(config, [...args, '-c', this.path('config.yml')]);
    const look = setInterval(() => / serves /.test(this.#output) && child.kill('SIGKILL'), 50);
    await once(child, 'close');
    clearInterval(look);
    return child.exitCode;
  }

  /** Runs a command beside the relay, which it asks. @returns everything that it has written */
  async command(...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [MAIN, ...args, '--url', this.#url], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    await once(child, 'close');
    return output;
  }

  async ask(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Asked> {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const response = await fetch(this.#url + path, { method, headers, ...(text === undefined ? {} : { body: text }) });
    const answer = await response.text();
    const isJson = /\/(?:[\w.]+\+)?json/.test(response.headers.get('content-type') ?? '') && answer !== '';
    return {
      status: response.status,
      text: `${JSON.stringify([...response.headers])}\n${answer}`,
      body: isJson ? JSON.parse(answer) : undefined,
    };
  }

  /** Everything written to stdout and stderr. */
  output(): string {
    return this.#output;
  }

  /** Files of the folder by name, as far as their names begin so. */
  files(...beginnings: string[]): Map<string, string> {
    const names = readdirSync(this.folder).filter((name) => beginnings.some((each) => name.startsWith(each)));
    return new Map(names.map((name) => [name, readFileSync(this.path(name), 'latin1')]));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(config: Sections | string, args: readonly string[]): ChildProcess {
    writeFileSync(this.path('config.yml'), typeof config === 'string' ? config : JSON.stringify(config));
    const reports = ['--report-uncaught-exception', '--report-on-fatalerror', '--report-on-signal'];
    const node = [...reports, '--report-signal=SIGPIPE', `--report-directory=${this.folder}`];
    const child = spawn(process.execPath, [...node, '--import', this.path('crash.mjs'), MAIN, ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    return child;
  }
}
