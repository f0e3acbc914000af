import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { NsqConnection } from '../../../src/queue/nsq/nsq-connection.ts';
import { nsqBacklog } from '../../../src/queue/nsq/nsq-stats.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { nsqSettings } from './real-brokers.ts';

/** A broker as another program sees it: a Gorush that publishes, an operator who counts. */
export interface BrokerView {
  /** Publishes a message as it is. */
  put(name: string, text: string): Promise<void>;
  /** Messages that are not finished. */
  count(name: string): Promise<number>;
  close(): Promise<void>;
}

export const brokerViews = {
  async redis({ port }) {
    const client = new Redis(port, '127.0.0.1');
    return {
      put: async (name, text) => void (await client.xadd(name, '*', 'body', text)),
      count: (name) => client.xlen(name),
      close: async () => client.disconnect(),
    };
  },
  async nats({ addr }) {
    const client = await connect({ servers: addr });
    const manager = await jetstreamManager(client);
    return {
      put: async (name, text) => client.publish(name, text),
      count: async (name) => (await manager.streams.info(`${name}-martlet`)).state.messages,
      close: () => client.close(),
    };
  },
  async nsq({ addr, port }) {
    const address = { host: '127.0.0.1', port };
    const client = new NsqConnection({ address, messageTimeoutMs: 60_000, onMessage: () => {}, onClose: () => {} });
    await client.open();
    return {
      put: (name, text) => client.publish(name, [Buffer.from(text)]),
      count: (name) => nsqBacklog(nsqSettings(addr, name)),
      close: () => client.close(),
    };
  },
} satisfies Record<string, (broker: RunningProgram) => Promise<BrokerView>>;
