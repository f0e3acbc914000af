/**
 * In front of node:http on one server: requests of a few routes, which come by the million, are read here, and a connection with any other
 * request is node:http's from its first byte on. What a caller sees is the same (test/kit/http/direct/direct-door.test.ts).
 */
import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionRoom } from '../../net/connection-room.ts';
import { DirectConnection, type DirectHost } from './direct-connection.ts';
import type { DirectAnswer, DirectRoute } from './direct-route.ts';

export interface DirectDoorOptions {
  readonly server: Server;
  readonly routes: readonly DirectRoute[];
  readonly room: ConnectionRoom | undefined;
  readonly isRetired: () => boolean;
  /** An answer has left that was the last of its connection, or may have been. */
  readonly onAnswer: () => void;
}

/** What node:http adds to the time that it tells a client. */
const SPARE_MS = 1000;
const SECOND_MS = 1000;

export class DirectDoor implements DirectHost {
  readonly routes: ReadonlyMap<string, DirectRoute>;
  readonly firstMs: number;
  readonly idleMs: number;
  readonly isRetired: () => boolean;
  readonly #options: DirectDoorOptions;
  readonly #toNode: (socket: Socket) => void;
  readonly #connections = new Set<DirectConnection>();
  readonly #stay: string;
  #second = 0;
  #date = '';

  /** Takes the place of the server's own listener for connections. Its timeouts are set. */
  constructor(options: DirectDoorOptions) {
    const { server, routes, isRetired } = options;
    this.#options = options;
    this.routes = new Map(routes.map((route) => [`POST ${route.path} HTTP/1.1`, route]));
    this.firstMs = server.headersTimeout;
    const { keepAliveTimeout } = server;
    this.idleMs = keepAliveTimeout > 0 ? keepAliveTimeout + SPARE_MS : 0;
    this.isRetired = isRetired;
    const told = keepAliveTimeout > 0 ? `Keep-Alive: timeout=${Math.floor(keepAliveTimeout / SECOND_MS)}\r\n` : '';
    this.#stay = `Connection: keep-alive\r\n${told}`;
    const [own] = server.listeners('connection').slice(-1) as [(socket: Socket) => void];
    this.#toNode = (socket) => own.call(server, socket);
    server.off('connection', own);
    server.on('connection', (socket: Socket) => {
      if (!socket.destroyed)
        this.#connections.add(new DirectConnection(socket, this, options.room?.requestsOf(socket)));
    });
  }

  take(connection: DirectConnection, route: DirectRoute, body: Buffer): boolean {
    connection.requests?.begin();
    const isTaken = route.take(body, (answer) => {
      connection.requests?.end();
      this.#answer(connection, answer);
    });
    if (!isTaken) connection.requests?.end();
    return isTaken;
  }

  handOver({ socket }: DirectConnection): void {
    this.#toNode(socket);
  }

  gone(connection: DirectConnection): void {
    this.#connections.delete(connection);
  }

  closeIdle(): void {
    for (const { isIdle, socket } of this.#connections) if (isIdle) socket.destroy();
  }

  #answer(connection: DirectConnection, { status, head, body }: DirectAnswer): void {
    const isLast = this.isRetired();
    const end = isLast ? 'Connection: close\r\n' : this.#stay;
    const text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}Date: ${this.#now()}\r\n${end}\r\n${body}`;
    connection.answer(text, isLast);
    if (isLast) this.#options.onAnswer();
  }

  /** As HTTP says it; made once a second. */
  #now(): string {
    const now = Date.now();
    const second = Math.floor(now / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(now).toUTCString();
    }
    return this.#date;
  }
}
