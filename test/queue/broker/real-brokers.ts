import type { Broker } from '../../../src/queue/broker/broker.ts';
import type { BrokerQueue, BrokerQueueOptions } from '../../../src/queue/broker/broker-queue.ts';
import { NatsBroker, type NatsQueueSettings } from '../../../src/queue/nats/nats-broker.ts';
import { createNatsQueue } from '../../../src/queue/nats/nats-queue.ts';
import { NsqBroker, type NsqQueueSettings } from '../../../src/queue/nsq/nsq-broker.ts';
import { createNsqQueue } from '../../../src/queue/nsq/nsq-queue.ts';
import { RedisBroker, type RedisQueueSettings } from '../../../src/queue/redis/redis-broker.ts';
import { createRedisQueue } from '../../../src/queue/redis/redis-queue.ts';
import { freePort } from '../../support/free-port.ts';
import type { RequirementName } from '../../support/requirements.ts';
import { type RunningProgram, startProgram } from '../../support/start-program.ts';

export interface BrokerEngine {
  readonly name: 'redis' | 'nats' | 'nsq';
  readonly program: RequirementName;
  start(): Promise<RunningProgram>;
  /** `name` keeps queues on one broker apart. */
  open(
    broker: Pick<RunningProgram, 'addr'>,
    name: string,
    options: BrokerQueueOptions,
    claimAfter?: number,
    lease?: number,
  ): BrokerQueue;
  /** Below the queue. */
  adapter(broker: Pick<RunningProgram, 'addr'>, name: string, claimAfter?: number, lease?: number): Broker;
  /** What the process needs to be configured with, as `queue.<engine>`. */
  settings(broker: Pick<RunningProgram, 'addr'>, name: string, claimAfter?: number): object;
}

export const redisSettings = (addr: string, name: string, claim_after = 30, lease = 5): RedisQueueSettings => ({
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
  lease,
  claim_after,
});

export const natsSettings = (addr: string, name: string, claim_after = 30, lease = 5): NatsQueueSettings => ({
  addr,
  username: '',
  password: '',
  token: '',
  creds_path: '',
  with_tls: false,
  subj: name,
  queue: 'gorush',
  replicas: 1,
  lease,
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
    program: 'redis-server',
    start: () =>
      startProgram('redis-server', (port, dir) =>
        ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir].concat('--save', '', '--appendonly', 'yes'),
      ),
    open: ({ addr }, name, options, claimAfter, lease) =>
      createRedisQueue({ ...options, settings: redisSettings(addr, name, claimAfter, lease) }),
    adapter: ({ addr }, name, claimAfter, lease) => new RedisBroker(redisSettings(addr, name, claimAfter, lease), []),
    settings: ({ addr }, name, claimAfter) => redisSettings(addr, name, claimAfter),
  },
  nats: {
    name: 'nats',
    program: 'nats-server',
    start: () => startProgram('nats-server', (port, dir) => ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', dir]),
    open: ({ addr }, name, options, claimAfter, lease) =>
      createNatsQueue({ ...options, settings: natsSettings(addr, name, claimAfter, lease) }),
    adapter: ({ addr }, name, claimAfter, lease) => new NatsBroker(natsSettings(addr, name, claimAfter, lease), []),
    settings: ({ addr }, name, claimAfter) => natsSettings(addr, name, claimAfter),
  },
  nsq: {
    name: 'nsq',
    program: 'nsqd',
    start: () =>
      startProgram('nsqd', async (port, dir) => {
        const http = await freePort();
        httpPorts.set(`127.0.0.1:${port}`, http);
        const places = [`--tcp-address=127.0.0.1:${port}`, `--http-address=127.0.0.1:${http}`, `--data-path=${dir}`];
        return [...places, '--mem-queue-size=0'];
      }),
    open: ({ addr }, name, options, claimAfter) =>
      createNsqQueue({ ...options, settings: nsqSettings(addr, name, claimAfter) }),
    adapter: ({ addr }, name, claimAfter) => new NsqBroker(nsqSettings(addr, name, claimAfter)),
    settings: ({ addr }, name, claimAfter) => nsqSettings(addr, name, claimAfter),
  },
} satisfies Record<string, BrokerEngine>;
