/** The server under test as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { killAtExit } from './left-behind.ts';
import { isInside } from './own-namespace.ts';
import { cpuOf, memoryOf } from './process-tree.ts';
import { freePort, type Workbench } from './workbench.ts';

/** A Gorush-compatible server. */
export interface System {
  readonly name: string;
  /** `{config}` stands for the path of the config file. */
  readonly command: readonly string[];
  /** Laid over the sections of the config file. */
  readonly config?: ConfigOverlay;
  /** Where its pushes are counted; default /api/stat/app. */
  readonly counts?: 'metrics';
}

export type ConfigOverlay = Readonly<Record<string, object>>;

export interface Counts {
  readonly delivered: number;
  readonly failed: number;
}

export interface RelayProcess {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly port: number;
  readonly pushUrl: string;
  /** Milliseconds from its start to the first 200 of /healthz. */
  readonly startMs: number;
  /** Pushes told by /api/stat/app, all platforms. */
  counts(): Promise<Counts>;
  /** User and system time of the process tree so far, microseconds. */
  cpuUs(): number;
  /** Megabytes. */
  memory(): { readonly peak: number; readonly now: number };
  close(): Promise<void>;
}

const LOOK_MS = 2;
const START_MS = 180_000;
const STOP_MS = 10_000;
/** What /api/stat/app and a scenario of 16 times the backlog need. */
const QUEUE_NUM = 200_000;

function configOf({ dir, apns, fcm, caPath }: Workbench, port: number, overlay: ConfigOverlay): ConfigOverlay {
  const base: ConfigOverlay = {
    core: { address: '127.0.0.1', port: String(port), sync: false, queue_num: QUEUE_NUM, ca_path: caPath },
    ios: {
      enabled: true,
      key_path: join(dir, 'AuthKey.p8'),
      key_id: 'ABCDEFGHIJ',
      team_id: 'KLMNOPQRST',
      production: true,
      max_retry: 0,
      endpoint: apns.origin,
      sandbox_endpoint: apns.origin,
    },
    android: { enabled: true, key_path: join(dir, 'fcm.json'), endpoint: fcm.origin, max_retry: 0 },
    huawei: { enabled: false },
    queue: { engine: 'local' },
    log: { access_level: 'error', error_level: 'error' },
    stat: { engine: 'memory' },
  };
  const sections = new Set([...Object.keys(base), ...Object.keys(overlay)]);
  return Object.fromEntries([...sections].map((name) => [name, { ...base[name], ...overlay[name] }]));
}

/** The body of a 200, undefined for anything else. */
const read = (url: string, agent: Agent): Promise<string | undefined> =>
  new Promise((resolve) => {
    get(url, { agent }, (response) => {
      text(response).then(
        (body) => resolve(response.statusCode === 200 ? body : undefined),
        () => resolve(undefined),
      );
    }).on('error', () => resolve(undefined));
  });

async function untilHealthy(url: string, agent: Agent, child: ChildProcess, log: string): Promise<void> {
  const until = performance.now() + START_MS;
  while (performance.now() < until && child.exitCode === null && child.signalCode === null) {
    if ((await read(url, agent)) !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`the server did not start: ${readFileSync(log, 'utf8').slice(-1000)}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(late);
}

/** Of a provider that Gorush does not have: /api/stat/app counts none of those. */
const PUSHES = /^martlet_pushes_total\{[^}]*outcome="(\w+)"[^}]*\} (\d+)$/gm;

function countsIn(metrics: string): Counts {
  let [delivered, failed] = [0, 0];
  for (const [, outcome, count] of metrics.matchAll(PUSHES)) {
    if (outcome === 'accepted') delivered += Number(count);
    else failed += Number(count);
  }
  return { delivered, failed };
}

interface StatApp {
  readonly [platform: string]: { readonly push_success: number; readonly push_error: number } | undefined;
}

/** Starts `system` with a config file of its own; resolves when it is healthy. @throws when it does not get there. */
export async function startRelay(bench: Workbench, system: System, overlay: ConfigOverlay = {}): Promise<RelayProcess> {
  const dir = mkdtempSync(join(bench.dir, 'relay-'));
  const port = await freePort();
  const configPath = join(dir, 'config.yml');
  const merged = { ...overlay, ...system.config };
  for (const name of Object.keys(overlay)) merged[name] = { ...overlay[name], ...system.config?.[name] };
  // JSON is YAML.
  writeFileSync(configPath, JSON.stringify(configOf(bench, port, merged)));
  mkdirSync(join(dir, 'data'));
  const [command, ...args] = system.command.map((word) => word.replaceAll('{config}', configPath)) as [
    string,
    ...string[],
  ];
  const logPath = join(dir, 'stderr');
  const log = openSync(logPath, 'w');
  // Other servers know no core.ca_path.
  const trust = !isInside() ? {} : { SSL_CERT_FILE: bench.caPath, NODE_EXTRA_CA_CERTS: bench.caPath };
  const begun = performance.now();
  const child = spawn(command, args, {
    cwd: dir,
    stdio: ['ignore', 'ignore', log],
    env: { PATH: process.env.PATH, HOME: dir, ...trust },
  });
  killAtExit(child);
  closeSync(log);
  child.on('error', () => {});
  const agent = new Agent({ keepAlive: true });
  const origin = `http://127.0.0.1:${port}`;
  try {
    await untilHealthy(`${origin}/healthz`, agent, child, logPath);
  } catch (error) {
    await stop(child);
    throw error;
  }
  const startMs = performance.now() - begun;
  const pid = child.pid as number;
  return {
    origin,
    port,
    pushUrl: `${origin}/api/push`,
    startMs,
    async counts() {
      if (system.counts === 'metrics') return countsIn((await read(`${origin}/metrics`, agent)) ?? '');
      const body = await read(`${origin}/api/stat/app`, agent);
      if (body === undefined)
        throw new Error(`/api/stat/app gave no answer: ${readFileSync(logPath, 'utf8').slice(-1000)}`);
      const stat = JSON.parse(body) as StatApp;
      const sum = (key: 'push_success' | 'push_error') =>
        ['ios', 'android'].reduce((total, platform) => total + (stat[platform]?.[key] ?? 0), 0);
      return { delivered: sum('push_success'), failed: sum('push_error') };
    },
    cpuUs: () => cpuOf(pid),
    memory: () => memoryOf(pid),
    close: () => {
      agent.destroy();
      return stop(child);
    },
  };
}
