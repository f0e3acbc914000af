import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';

const ANSWER =
  'HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n' +
  'Client sent an HTTP request to an HTTPS server.\n';

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** Tells a client that speaks plain HTTP to a TLS port so, in plain HTTP, as Go's servers do. */
export function answerPlainRequests(server: Server): void {
  const sockets = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    sockets.set(peer, socket);
    socket.once('close', () => sockets.delete(peer));
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, tlsSocket: TLSSocket) => {
    const socket = error.code === 'ERR_SSL_HTTP_REQUEST' ? sockets.get(peerOf(tlsSocket)) : undefined;
    if (!socket) return;
    socket.end(ANSWER, () => tlsSocket.destroy());
  });
}
