import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ConnectProxyOptions {
  /** `user:password` that it asks for. */
  readonly credentials?: string;
  /** Speaks TLS with this certificate. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Where tunnels lead, whatever port they ask for. */
  readonly leadsTo?: number;
}

export interface ConnectProxy {
  readonly port: number;
  /** `CONNECT host:port` and `GET http://…`, in the order of arrival. */
  readonly seen: readonly string[];
}

/** A proxy for which every host is loopback; ended when the test ends. */
export async function startConnectProxy({
  credentials,
  tls,
  leadsTo,
}: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const admits = ({ headers }: IncomingMessage): boolean => !wanted || headers['proxy-authorization'] === wanted;

  const forward = (req: IncomingMessage, res: ServerResponse): void => {
    if (!admits(req)) return void res.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
    seen.push(`${req.method} ${req.url}`);
    const { port, pathname } = new URL(req.url as string);
    const { 'proxy-authorization': _, ...headers } = req.headers;
    const onward = request({ host: '127.0.0.1', port, path: pathname, method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  };
  const server = tls ? createSecureServer(tls, forward) : createServer(forward);
  server.on('connect', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {});
    if (!admits(req)) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
    seen.push(`CONNECT ${req.url}`);
    const port = leadsTo ?? Number((req.url as string).replace(/^.*:/, ''));
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}
