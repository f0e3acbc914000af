import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly addr: string;
  /** Where new connections lead. */
  port: number;
  /** Milliseconds that each chunk is held back, either way. */
  delayMs: number;
  /** When true, answers are swallowed: the peer has done what was asked, and nobody hears of it. */
  deaf: boolean;
  /** Drops all connections; new ones are served. */
  cut(): void;
  close(): Promise<void>;
}

/** A line to `port` that can be slow, one-way or cut. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(proxy.port, '127.0.0.1');
    const forward = (from: Socket, to: Socket, back: boolean): void => {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (!(back && proxy.deaf)) setTimeout(() => to.writable && to.write(chunk), proxy.delayMs);
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    };
    forward(near, far, false);
    forward(far, near, true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: TcpProxy = {
    addr: `127.0.0.1:${(server.address() as { port: number }).port}`,
    port,
    delayMs: 0,
    deaf: false,
    cut,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
  return proxy;
}
