import type { Config } from './schema.ts';

interface Row {
  /** The key that asks for it. */
  readonly key: string;
  readonly asked: (config: Config) => boolean;
  /** What to say, and what to do instead. */
  readonly text: string;
}

const queue = (engine: Config['queue']['engine']): Row => ({
  key: 'queue.engine',
  asked: (config) => config.queue.engine === engine,
  text: `${engine} is not available in this version; use local`,
});

/** Settings that are understood but do nothing yet: asking for one is a mistake, never silence. One row each. */
export const unavailable: readonly Row[] = [
  queue('redis'),
  queue('nats'),
  queue('nsq'),
  {
    key: 'grpc.enabled',
    asked: (config) => config.grpc.enabled,
    text: 'gRPC is not available in this version; set it to false',
  },
  {
    key: 'core.processes',
    asked: ({ core, sandbox }) => core.processes !== 1 && sandbox.enabled,
    text: 'the sandbox lives inside one process; set it to 1, or sandbox.enabled to false',
  },
];
