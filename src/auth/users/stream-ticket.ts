import type { IncomingMessage } from 'node:http';

/** What a browser shows that opens a stream: it can send no header with it. */
export interface StreamTicket {
  readonly ticket: string;
  /** Whose stream is asked for. */
  readonly user: string;
}

const STREAM = /^\/v1\/users\/([^/?#]+)\/stream(?:\/ws|\/events)?\?(.*)$/s;

const SOCKET = /^\/v1\/users\/[^/?#]+\/stream\/ws(?:\?|$)/;

/** A request for a stream over a WebSocket: its sender may say later who that is, in the first frame. */
export const isStreamSocket = ({
  method,
  url = '',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && SOCKET.test(url);

/** `?ticket=` of a request for a stream; undefined without one. */
export function ticketOf({ method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>): StreamTicket | undefined {
  if (method !== 'GET') return undefined;
  const [, segment = '', query = ''] = STREAM.exec(url) ?? [];
  const ticket = new URLSearchParams(query).get('ticket');
  if (ticket === null || ticket === '') return undefined;
  try {
    return { ticket, user: decodeURIComponent(segment) };
  } catch {
    return undefined;
  }
}
