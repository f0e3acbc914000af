import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** The connection of a request that wants to speak another protocol from now on. */
export interface Upgrade {
  readonly socket: Duplex;
  /** What the client sent after the request. */
  readonly head: Buffer;
}

const UPGRADE = Symbol('the connection of a request for another protocol');

interface Upgrading {
  [UPGRADE]?: Upgrade;
}

/** Undefined for a request like any other. */
export const upgradeOf = (req: IncomingMessage): Upgrade | undefined => (req as Upgrading)[UPGRADE];

/**
 * Hands requests for another protocol to the application like any others, so that the same is asked of their senders: it answers as
 * usual, and what is not refused takes the connection over (`upgradeOf`, then `res.detachSocket`).
 * @param isWanted requests that may; of the others Node overlooks that they asked
 */
export function serveUpgrades(server: Server, app: RequestListener, isWanted: (req: IncomingMessage) => boolean): void {
  // Read by node:http for each request, also on the HTTP/1.1 side of a server of node:http2, where it is no option.
  Object.assign(server, { shouldUpgradeCallback: isWanted });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const res = new ServerResponse(req);
    socket.on('error', () => socket.destroy());
    res.shouldKeepAlive = false;
    try {
      res.assignSocket(socket as Socket);
    } catch {
      // An answer to an earlier request is still under way on it.
      socket.destroy();
      return;
    }
    res.once('finish', () => socket.end());
    // What waits for the end of the answer waits for that of the connection.
    socket.once('close', () => {
      if (!res.closed) res.emit('close');
    });
    (req as Upgrading)[UPGRADE] = { socket, head };
    app(req, res);
  });
}
