import type { Duplex } from 'node:stream';

/** Milliseconds that a peer has to take our last bytes. */
const LINGER_MS = 1_000;

/** Closes a socket after a last write, whether the peer takes it or not. */
export function endSocket(socket: Duplex, farewell: Buffer): void {
  if (socket.destroyed) return;
  socket.end(farewell);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('finish', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}
