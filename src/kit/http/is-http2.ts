import type { IncomingMessage } from 'node:http';
import { Http2ServerRequest } from 'node:http2';

/** Whether a request came over HTTP/2. Its `httpVersion` is what a client of HTTP/1.1 wrote, and `GET / HTTP/2.0` is taken by Node. */
export const isHttp2 = (req: IncomingMessage): boolean => (req as unknown) instanceof Http2ServerRequest;
