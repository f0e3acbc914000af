import type { IncomingMessage } from 'node:http';

/**
 * Whether a request came over HTTP/2: those of node:http2 alone have a stream. Its `httpVersion` is what a client of HTTP/1.1 wrote, and
 * `GET / HTTP/2.0` is taken by Node.
 */
export const isHttp2 = (req: IncomingMessage): boolean => 'stream' in req;
