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
  /** Messages that were set aside. */
  aside(name: string): Promise<string[]>;
  close(): Promise<void>;
}

export const brokerViews = {
  async redis({ port }) {
    // Tests end the broker and start it again; what is asked of it then fails by itself.
    const client = new Redis(port, '127.0.0.1').on('error', () => {});
    return {
      put: async (name, text) => void (await client.xadd(name, '*', 'body', text)),
      count: (name) => client.xlen(name),
      async aside(name) {
        const entries = await client.xrange(`${name}.aside`, '-', '+');
        return entries.map(([, fields]) => fields[fields.indexOf('body') + 1] as string);
      },
      close: async () => client.disconnect(),
    };
  },
  async nats({ addr }) {
    const client = await connect({ servers: addr });
    const manager = await jetstreamManager(client);
    return {
      put: async (name, text) => client.publish(name, text),
      count: async (name) => (await manager.streams.info(`${name}-martlet`)).state.messages,
      async aside(name) {
        const stream = `${name}-martlet-aside`;
        const { state } = await manager.streams.info(stream).catch(() => ({ state: { messages: 0 } }));
        const numbers = Array.from({ length: state.messages }, (_, at) => at + 1);
        const stored = await Promise.all(numbers.map((seq) => manager.streams.getMessage(stream, { seq })));
        return stored.map((message) => message?.string() ?? '');
      },
      close: () => client.close(),
    };
  },
  async nsq({ addr, port }) {
    const address = { host: '127.0.0.1', port };
    const asides = new Map<string, { readonly bodies: string[]; readonly reader: NsqConnection }>();
    const client = new NsqConnection({ address, messageTimeoutMs: 60_000, onMessage: () => {}, onClose: () => {} });
    await client.open();
    return {
      put: (name, text) => client.publish(name, [Buffer.from(text)]),
      count: (name) => nsqBacklog(nsqSettings(addr, name)),
      async aside(name) {
        const known = asides.get(name);
        if (known) return known.bodies;
        const bodies: string[] = [];
        const reader = new NsqConnection({
          address,
          messageTimeoutMs: 60_000,
          onMessage: ({ body }) => bodies.push(body.toString()),
          onClose: () => {},
        });
        asides.set(name, { bodies, reader });
        await reader.open();
        await reader.subscribe(`${name}.aside`, 'operator');
        reader.ready(100);
        return bodies;
      },
      async close() {
        await Promise.all([...asides.values()].map(({ reader }) => reader.close()));
        await client.close();
      },
    };
  },
} satisfies Record<string, (broker: RunningProgram) => Promise<BrokerView>>;
