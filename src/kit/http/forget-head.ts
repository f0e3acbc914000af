import type { ServerResponse } from 'node:http';

/** What Node's OutgoingMessage has of a head: the text that was sent, and the headers that made it. */
interface Head {
  _header?: unknown;
  _headerSent?: unknown;
  [name: symbol]: unknown;
}

let headers: symbol | undefined;

/**
 * Lets go of the head of an answer that has been written, for one that lasts for hours: Node keeps it as long, two kilobytes of each
 * stream. Not before the turn after it was written. Those names are Node's own: where they are others, nothing happens.
 */
export function forgetHead(res: ServerResponse): void {
  const head = res as unknown as Head;
  if (head._headerSent !== true || typeof head._header !== 'string') return;
  // Not empty: that it is there says that the head was sent.
  head._header = 'sent';
  headers ??= Object.getOwnPropertySymbols(head).find(({ description }) => description === 'kOutHeaders');
  if (headers) head[headers] = null;
}
