import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, type RequestInit, fetch as undiciFetch } from 'undici';
import { stringify } from 'yaml';
import { type Client, createClient } from '../../src/client/create-client.ts';
import { freePort } from '../support/free-port.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../support/sandbox-of-three.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: Tree, over: Tree): Tree {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const own = merged[key];
    merged[key] = isTree(own) && isTree(value) ? merge(own, value) : value;
  }
  return merged;
}

/** `before`: what a shell does first, such as `ulimit -n 256`. */
export interface HowStarted {
  readonly nodeArgs?: readonly string[];
  readonly before?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The real process, sending to simulated providers of this test. */
export interface RunningRelay extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  /** Without tries after the first: what is seen is what the relay answered. */
  readonly client: Client;
  readonly folder: string;
  readonly sandbox: Sandbox;
  output(): string;
  get(path: string): Promise<Tree>;
  push(...notifications: object[]): Promise<{ status: number; body: Tree }>;
  /** Starts the process anew on the same folder and port. */
  restart(): Promise<void>;
  ended(): Promise<number | null>;
}

function configOf(sandbox: Sandbox, folder: string, port: number): Tree {
  const { apns, fcm, hms } = sandbox.credentials;
  writeFileSync(join(folder, 'AuthKey.p8'), apns.p8);
  writeFileSync(join(folder, 'fcm.json'), JSON.stringify(fcm));
  writeFileSync(join(folder, 'ca.pem'), sandbox.ca);
  return {
    core: { address: '127.0.0.1', port: String(port), ca_path: join(folder, 'ca.pem') },
    ios: {
      enabled: true,
      key_path: join(folder, 'AuthKey.p8'),
      key_id: apns.keyId,
      team_id: apns.teamId,
      endpoint: sandbox.apns.production,
      sandbox_endpoint: sandbox.apns.development,
    },
    android: { enabled: true, key_path: join(folder, 'fcm.json'), endpoint: sandbox.fcm },
    huawei: {
      enabled: true,
      appid: hms.appId,
      appsecret: hms.appSecret,
      endpoint: sandbox.hms.push,
      auth_endpoint: sandbox.hms.auth,
    },
    queue: { local: { path: join(folder, 'queue.db') } },
    log: { access_level: 'error' },
  };
}

/**
 * @param overlay merged over a configuration that sends everything to the sandbox.
 * @param shared a sandbox that several relays send to; whoever started it closes it.
 * @param how the process is started, where not as usual.
 */
export async function startRelay(
  overlay: Tree = {},
  options: SandboxOptions = {},
  shared?: Sandbox,
  how: HowStarted = {},
): Promise<RunningRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-relay-'));
  const sandbox =
    shared ?? (await startSandbox({ ...options, checks: { topic: false, token: false, ...options.checks } }));
  const port = await freePort();
  const config = join(folder, 'config.yml');
  writeFileSync(config, stringify(merge(configOf(sandbox, folder, port), overlay)));
  const isSecure = isTree(overlay.core) && overlay.core.ssl === true;
  const url = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`;
  // Certificates of tests are signed by nobody.
  const dispatcher = isSecure ? new Agent({ connect: { rejectUnauthorized: false } }) : undefined;
  const fetch = (at: string, init: RequestInit = {}) => undiciFetch(at, dispatcher ? { ...init, dispatcher } : init);
  let child: ChildProcess;
  let output = '';

  const healthy = async (): Promise<void> => {
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the process ended with ${child.exitCode ?? child.signalCode}: ${output}`);
      const ok = await fetch(`${url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const launch = async (): Promise<void> => {
    const { nodeArgs = [], before } = how;
    const command = [process.execPath, ...nodeArgs, MAIN, '-c', config];
    const [program = '', ...args] = before ? ['bash', '-c', `${before}; exec "$@"`, 'bash', ...command] : command;
    const env = { ...process.env, ...how.env };
    child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    await healthy();
  };
  const ended = (): Promise<number | null> =>
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve(child.exitCode)
      : new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  await launch();
  return {
    get child() {
      return child;
    },
    url,
    client: createClient({ url, retries: 0 }),
    folder,
    sandbox,
    output: () => output,
    get: async (path) => (await fetch(url + path)).json() as Promise<Tree>,
    async push(...notifications) {
      const response = await fetch(`${url}/api/push`, { method: 'POST', body: JSON.stringify({ notifications }) });
      return { status: response.status, body: (await response.json()) as Tree };
    },
    restart: launch,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended();
      await dispatcher?.destroy();
      if (!shared) await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
