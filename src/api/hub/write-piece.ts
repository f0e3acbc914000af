import type { ServerResponse } from 'node:http';
import { drained } from '../../kit/http/drained.ts';

/**
 * Writes a piece of an answer, and waits for the client to take it. The first one begins the answer, as 200.
 * @returns false: the client went away
 */
export async function writePiece(res: ServerResponse, type: string, piece: string): Promise<boolean> {
  if (res.destroyed) return false;
  if (!res.headersSent) res.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  if (res.write(piece)) return true;
  await drained(res);
  return !res.destroyed;
}
