import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';
import type { Peer } from './start-peer.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

/** One that cannot start ends by itself; how long another takes is the machine's affair. */
const LONGEST_START_MS = 300_000;

type Section = Record<string, unknown>;

export interface RelayOptions {
  readonly peer: Peer;
  /** An empty folder that is the process's own. */
  readonly folder: string;
  /** Sections of config.yml, laid over those of the suite. */
  readonly config?: Readonly<Record<string, Section>>;
  /** Put before the command line, such as `faketime -f +0`. */
  readonly wrapper?: readonly string[];
  /** An authority besides the peer's, PEM. */
  readonly extraCa?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const pem = (kind: 'ec' | 'rsa'): string => {
  const { privateKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

function configOf({ peer, folder, config = {} }: RelayOptions, port: number): Record<string, Section> {
  const { apns, fcm, oauth, hook } = peer.addresses;
  const account = {
    type: 'service_account',
    project_id: 'chaos',
    client_email: 'chaos@example.com',
    private_key: pem('rsa'),
    token_uri: oauth,
  };
  const base: Record<string, Section> = {
    core: {
      address: '127.0.0.1',
      port: String(port),
      queue_num: 500_000,
      max_notification: 1000,
      feedback_hook_url: hook,
      ca_path: join(folder, 'ca.pem'),
      shutdown_timeout: 10,
    },
    ios: {
      enabled: true,
      key_base64: Buffer.from(pem('ec')).toString('base64'),
      key_type: 'p8',
      key_id: 'ABCDEFGHIJ',
      team_id: 'ABCDEFGHIJ',
      production: true,
      endpoint: apns,
      max_retry: 10,
    },
    android: { enabled: true, credential: JSON.stringify(account), endpoint: fcm, max_retry: 10 },
    queue: { local: { path: join(folder, 'queue.db') }, backoff: 0.2, backoff_max: 2 },
    log: { access_log: join(folder, 'access.log'), error_log: join(folder, 'error.log'), error_level: 'warn' },
  };
  for (const [name, section] of Object.entries(config)) base[name] = { ...base[name], ...section };
  return base;
}

/** `martlet -c config.yml` as a process: started, killed, started again on the same port and queue file. */
export class RelayProcess {
  readonly folder: string;
  readonly url: string;
  readonly queuePath: string;
  readonly #options: RelayOptions;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(options: RelayOptions, port: number) {
    this.#options = options;
    this.folder = options.folder;
    this.url = `http://127.0.0.1:${port}`;
    const config = configOf(options, port);
    this.queuePath = (config.queue as { local: { path: string } }).local.path;
    writeFileSync(join(this.folder, 'ca.pem'), options.peer.ca + (options.extraCa ?? ''));
    writeFileSync(join(this.folder, 'config.yml'), stringify(config));
  }

  static async start(options: RelayOptions): Promise<RelayProcess> {
    const relay = new RelayProcess(options, await freePort());
    await relay.start();
    return relay;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it printed, and its error log. */
  get output(): string {
    let log = '';
    try {
      log = readFileSync(join(this.folder, 'error.log'), 'utf8');
    } catch {
      // None was written.
    }
    return this.#output + log;
  }

  async start(): Promise<void> {
    const { wrapper = [], env = {} } = this.#options;
    const [command = process.execPath, ...args] = [...wrapper, process.execPath, MAIN, '-c', 'config.yml'];
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-20_000);
      });
    }
    await this.#up(child);
  }

  /** Sends a signal without waiting. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it, and waits for the end: its exit code, or undefined when a signal ended it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | undefined> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? undefined;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code ?? undefined;
  }

  /** Bytes of memory that the process has. */
  rss(): number {
    const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  }

  /** Values of /metrics in one reading: the sum over these names and their labels. */
  async metric(...names: readonly string[]): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const isWanted = (line: string): boolean =>
      names.some((name) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    const values = text.split('\n').filter(isWanted);
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  async ready(): Promise<number> {
    return (await fetch(`${this.url}/readyz`)).status;
  }

  async #up(child: ChildProcess): Promise<void> {
    const patience = performance.now() + LONGEST_START_MS;
    while (performance.now() < patience) {
      if (child.exitCode !== null) throw new Error(`the relay ended with ${child.exitCode}: ${this.output}`);
      const up = await fetch(`${this.url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (up) return;
      await sleep(20);
    }
    child.kill('SIGKILL');
    throw new Error(`the relay does not answer: ${this.output}`);
  }
}
