/** Servers of streams as processes of their own: Martlet, one with nothing around it, ntfy and Mercure where they are installed. */
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { emptyFolder, hubOn } from '../hub/stock.ts';
import { killAtExit } from '../left-behind.ts';
import { sleep } from '../measure.ts';
import { cpuOf, memoryOf } from '../process-tree.ts';
import { type System, startRelay } from '../relay-process.ts';
import { freePort, type Workbench } from '../workbench.ts';
import { MERCURE_KEY, type SpeechName } from './stream-requests.ts';

export interface StreamServer {
  readonly port: number;
  cpuUs(): number;
  /** Megabytes. */
  memory(): { readonly peak: number; readonly now: number };
  close(): Promise<void>;
}

export interface StreamSystem {
  readonly name: string;
  readonly speech: SpeechName;
  readonly authorization: string;
  start(bench: Workbench): Promise<StreamServer>;
}

const START_MS = 60_000;
const LOOK_MS = 20;

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function startProgram(command: string, args: readonly string[], port: number): Promise<StreamServer> {
  const child = killAtExit(spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] }));
  let why = '';
  child.on('error', (error: NodeJS.ErrnoException) => {
    why = error.code === 'ENOENT' ? 'is not installed (docs/benchmarks.md says how)' : error.message;
  });
  const until = performance.now() + START_MS;
  while (!(await listens(port))) {
    if (why !== '' || child.exitCode !== null || performance.now() > until)
      throw new Error(`${command} ${why || 'did not start'}`);
    await sleep(LOOK_MS);
  }
  const pid = child.pid as number;
  return {
    port,
    cpuUs: () => cpuOf(pid),
    memory: () => memoryOf(pid),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function mercureToken(): string {
  const text = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ mercure: { publish: ['*'] } })}`;
  return `Bearer ${text}.${createHmac('sha256', MERCURE_KEY).update(text).digest('base64url')}`;
}

export const martletStreams = (martlet: System, name: string): StreamSystem => ({
  ...{ name, speech: 'martlet', authorization: '' },
  // Places for connections that are no streams: where a process may open 20,000 files, half of them would leave too few for streams.
  start: (bench) => startRelay(bench, martlet, { ...hubOn(emptyFolder(bench)), core: { max_connections: 1000 } }),
});

export const bareStreams: StreamSystem = {
  ...{ name: 'node:http, nothing kept (limit)', speech: 'bare', authorization: '' },
  async start() {
    const port = await freePort();
    const script = fileURLToPath(new URL('./bare-stream-server.ts', import.meta.url));
    return startProgram(process.execPath, ['--max-semi-space-size=8', script, String(port)], port);
  },
};

/** With its limits out of the way, and its messages in a file, as Martlet's are. */
export const ntfyStreams: StreamSystem = {
  ...{ name: 'ntfy', speech: 'ntfy', authorization: '' },
  async start(bench) {
    const port = await freePort();
    const cache = join(emptyFolder(bench), 'cache.db');
    const limits = ['--global-topic-limit=100000', '--visitor-subscription-limit=100000'];
    const exempt = ['--visitor-request-limit-exempt-hosts=127.0.0.1', '--visitor-message-daily-limit=100000000'];
    const where = [`--listen-http=127.0.0.1:${port}`, `--cache-file=${cache}`, '--config=/dev/null'];
    return startProgram('ntfy', ['serve', ...where, ...limits, ...exempt], port);
  },
};

export const mercureStreams: StreamSystem = {
  ...{ name: 'Mercure', speech: 'mercure', authorization: mercureToken() },
  async start(bench) {
    const port = await freePort();
    const file = join(emptyFolder(bench), 'updates.db');
    const rights = ['--jwt-key', MERCURE_KEY, '--allow-anonymous'];
    const ends = ['--write-timeout=0s', '--transport-url', `bolt://${file}?size=100000`];
    return startProgram('mercure', ['--addr', `127.0.0.1:${port}`, ...rights, ...ends], port);
  },
};
