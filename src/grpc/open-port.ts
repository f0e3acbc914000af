import { createServer, type Socket } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { type BindOptions, bind } from '../kit/net/bind.ts';
import type { ConnectionRoom } from '../kit/net/connection-room.ts';
import { portError } from '../kit/net/port-error.ts';

export interface GrpcPort {
  readonly port: number;
  /** Takes no new connections. Resolves when the last one has ended. */
  close(): Promise<void>;
}

/**
 * Listens for a gRPC server and hands its connections over. The listeners that grpc-js makes itself have no limit of connections, and
 * nothing hears of their errors: a connection that could not be taken would end the process.
 * @throws ConfigError when it cannot listen.
 */
export async function openPort(
  server: Server,
  credentials: ServerCredentials,
  options: BindOptions & { readonly room?: ConnectionRoom | undefined },
): Promise<GrpcPort> {
  const { injectConnection } = server.createConnectionInjector(credentials);
  const listener = createServer({ noDelay: true }, (socket: Socket) => {
    if (options.room?.admit(socket) === false) return;
    // Until the session has taken it over.
    socket.on('error', () => {});
    injectConnection(socket);
  });
  try {
    const { port } = await bind(listener, options);
    return { port, close: () => new Promise((resolve) => listener.close(() => resolve())) };
  } catch (cause) {
    throw portError({ key: 'grpc.port', port: options.port }, cause);
  }
}
