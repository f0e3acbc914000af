import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isHttp2 } from './is-http2.ts';

/** Requests that wait on all connections together, and how many a connection may have however many the others have. */
const MOST_OF_ALL = 10_000;
const RESERVE = 16;
/** On one connection: nearly what one read from the socket can hold. */
const MOST_OF_ONE = 2500;

type Waiting = readonly [req: IncomingMessage, res: ServerResponse];

/** A connection with a request that is not answered. */
interface Busy {
  readonly waiting: Waiting[];
}

const BUSY = Symbol('requests of a connection that has one under way');
type Connection = Socket & { [BUSY]?: Busy | undefined };

/**
 * HTTP/1.1 requests of one connection are handled one after the other, as Go's server does: the next one when the answer to the last has
 * been taken. Node hands out all that a client sends in a row at once, and keeps the answers: a client that asked a thousand times
 * and read nothing had them all in memory. Where too many wait the connection is cut.
 */
export function oneAtATime(app: RequestListener, mostOfAll = MOST_OF_ALL): RequestListener {
  let waitingOnAll = 0;

  const handle = (socket: Connection, busy: Busy, [req, res]: Waiting): void => {
    try {
      app(req, res);
    } finally {
      // After the listeners that the application has for the same moment.
      res.on('close', () => next(socket, busy));
    }
  };
  const next = (socket: Connection, busy: Busy): void => {
    const waiting = socket.destroyed ? undefined : busy.waiting.shift();
    if (!waiting) {
      waitingOnAll -= busy.waiting.length;
      socket[BUSY] = undefined;
      return;
    }
    waitingOnAll--;
    if (busy.waiting.length === 0) socket.resume();
    handle(socket, busy, waiting);
  };
  const wait = (socket: Socket, { waiting }: Busy, request: Waiting): void => {
    const isTooMuch = waiting.length >= MOST_OF_ONE || (waiting.length >= RESERVE && waitingOnAll >= mostOfAll);
    if (isTooMuch) socket.destroy();
    if (socket.destroyed) return;
    waiting.push(request);
    waitingOnAll++;
    // What else comes stays with the client; the body of a request is asked for when its turn has come.
    socket.pause();
  };

  return (req, res) => {
    if (isHttp2(req)) {
      app(req, res);
      return;
    }
    const socket: Connection = req.socket;
    const busy = socket[BUSY];
    if (busy) {
      wait(socket, busy, [req, res]);
      return;
    }
    const idle: Busy = { waiting: [] };
    socket[BUSY] = idle;
    handle(socket, idle, [req, res]);
  };
}
