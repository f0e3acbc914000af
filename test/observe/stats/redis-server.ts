import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

function installed(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('redis-server is not installed: its tests are skipped');
    return false;
  }
}

export const hasRedis = installed();

/** Below 55,535: a node of a cluster also listens 10,000 above. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    if (port < 55_535) return port;
  }
}

export interface RedisServer {
  readonly port: number;
  readonly addr: string;
  /** A client of the test's own. */
  readonly client: Redis;
  /** Ends it without warning; what was written by then is in its file. */
  kill(): Promise<void>;
  /** Starts it anew on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

async function answers(client: Redis): Promise<void> {
  for (;;)
    try {
      await client.ping();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

/** The real Redis on a port of its own; every write is in its file before it is answered. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'martlet-redis-'));
  const port = await freePort();
  const client = new Redis({ port, lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: 200 });
  client.on('error', () => {});
  let child: ChildProcess;
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  const start = async (): Promise<void> => {
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
    const file = ['--appendonly', 'yes', '--appendfsync', 'always'];
    child = spawn('redis-server', [...own, ...file, ...settings], { stdio: 'ignore' });
    await answers(client);
  };
  await start();
  return {
    port,
    addr: `127.0.0.1:${port}`,
    client,
    kill,
    start,
    async close() {
      client.disconnect();
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
