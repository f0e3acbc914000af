import type { ServerResponse } from 'node:http';

/** Milliseconds in which a client that is alive reads some of what is written to it. */
export const UNREAD_MS = 30_000;

/**
 * For an answer that is large: one of which nothing more is read for so long is given up with its connection (HTTP/2: its stream),
 * so that clients who ask and do not read hold no memory.
 */
export function cutWhenUnread(res: ServerResponse, ms = UNREAD_MS): void {
  res.setTimeout(ms, () => res.destroy());
}
