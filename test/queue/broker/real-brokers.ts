import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerQueueOptions } from '../../../src/queue/broker/broker-queue.ts';
import type { NatsQueueSettings } from '../../../src/queue/nats/nats-broker.ts';
import { createNatsQueue } from '../../../src/queue/nats/nats-queue.ts';
import type { NsqQueueSettings } from '../../../src/queue/nsq/nsq-broker.ts';
import { createNsqQueue } from '../../../src/queue/nsq/nsq-queue.ts';
import type { Queue } from '../../../src/queue/queue.ts';
import type { RedisQueueSettings } from '../../../src/queue/redis/redis-broker.ts';
import { createRedisQueue } from '../../../src/queue/redis/redis-queue.ts';

/** A real broker in a process of its own, with a folder of its own that outlives a restart. */
export interface RealBroker {
  readonly addr: string;
  readonly port: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** On the same port and folder. */
  start(): Promise<void>;
  /** Stops it for good. */
  end(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

export async function until(done: () => boolean | Promise<boolean>, what: string, ms = 15_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`not in ${ms} ms: ${what}`);
    await sleep(10);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

export async function startProgram(
  program: string,
  args: (port: number, folder: string) => Promise<string[]> | string[],
): Promise<RealBroker> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'martlet-broker-'));
  const line = await args(port, folder);
  let child: ChildProcess | undefined;
  const broker: RealBroker = {
    addr: `127.0.0.1:${port}`,
    port,
    async start() {
      child = spawn(program, line, { stdio: 'ignore' });
      await until(() => answers(port), `${program} listens`);
    },
    async stop(signal = 'SIGTERM') {
      const running = child;
      child = undefined;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const gone = new Promise((resolve) => running.once('exit', resolve));
      running.kill(signal);
      await gone;
    },
    async end() {
      await this.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await broker.start();
  return broker;
}

export interface BrokerEngine {
  readonly name: 'redis' | 'nats' | 'nsq';
  /** Why its tests cannot run here. */
  readonly missing: string | undefined;
  start(): Promise<RealBroker>;
  /** `name` keeps queues on one broker apart. */
  open(broker: Pick<RealBroker, 'addr'>, name: string, options: BrokerQueueOptions, claimAfter?: number): Queue;
  /** What the process needs to be configured with, as `queue.<engine>`. */
  settings(broker: Pick<RealBroker, 'addr'>, name: string, claimAfter?: number): object;
}

const missing = (program: string): string | undefined =>
  isInstalled(program) ? undefined : `${program} is not installed`;

export const redisSettings = (addr: string, name: string, claim_after = 30): RedisQueueSettings => ({
  addr,
  username: '',
  password: '',
  db: 0,
  with_tls: false,
  cluster: false,
  sentinel: '',
  sentinel_username: '',
  sentinel_password: '',
  stream_name: name,
  group: 'gorush',
  consumer: 'gorush',
  claim_after,
});

export const natsSettings = (addr: string, name: string, claim_after = 30): NatsQueueSettings => ({
  addr,
  username: '',
  password: '',
  token: '',
  creds_path: '',
  with_tls: false,
  subj: name,
  queue: 'gorush',
  replicas: 1,
  claim_after,
});

const httpPorts = new Map<string, number>();

export const nsqSettings = (addr: string, name: string, claim_after = 30): NsqQueueSettings => ({
  addr,
  topic: name,
  channel: 'gorush',
  http_addr: httpPorts.has(addr) ? `127.0.0.1:${httpPorts.get(addr)}` : '',
  claim_after,
});

/** The way that docs/queues.md tells to run them, so that what they confirm survives them. */
export const brokers = {
  redis: {
    name: 'redis',
    missing: missing('redis-server'),
    start: () =>
      startProgram('redis-server', (port, dir) =>
        ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir].concat('--save', '', '--appendonly', 'yes'),
      ),
    open: ({ addr }, name, options, claimAfter) =>
      createRedisQueue({ ...options, settings: redisSettings(addr, name, claimAfter) }),
    settings: ({ addr }, name, claimAfter) => redisSettings(addr, name, claimAfter),
  },
  nats: {
    name: 'nats',
    missing: missing('nats-server'),
    start: () => startProgram('nats-server', (port, dir) => ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', dir]),
    open: ({ addr }, name, options, claimAfter) =>
      createNatsQueue({ ...options, settings: natsSettings(addr, name, claimAfter) }),
    settings: ({ addr }, name, claimAfter) => natsSettings(addr, name, claimAfter),
  },
  nsq: {
    name: 'nsq',
    missing: missing('nsqd'),
    start: () =>
      startProgram('nsqd', async (port, dir) => {
        const http = await freePort();
        httpPorts.set(`127.0.0.1:${port}`, http);
        const places = [`--tcp-address=127.0.0.1:${port}`, `--http-address=127.0.0.1:${http}`, `--data-path=${dir}`];
        return [...places, '--mem-queue-size=0'];
      }),
    open: ({ addr }, name, options, claimAfter) =>
      createNsqQueue({ ...options, settings: nsqSettings(addr, name, claimAfter) }),
    settings: ({ addr }, name, claimAfter) => nsqSettings(addr, name, claimAfter),
  },
} satisfies Record<string, BrokerEngine>;
