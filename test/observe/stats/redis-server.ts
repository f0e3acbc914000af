import { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.ts';
import { startProgram } from '../../support/start-program.ts';

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

/** The real Redis on a port of its own; every write is in its file before it is answered. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const server = await startProgram('redis-server', (port, folder) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', ...settings],
  ]);
  const { port, addr } = server;
  const client = new Redis({ port, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  await eventually(() => client.ping());
  return {
    port,
    addr,
    client,
    kill: () => server.stop('SIGKILL'),
    async start() {
      await server.start();
      await eventually(() => client.ping());
    },
    async close() {
      client.disconnect();
      await server.end();
    },
  };
}
