import { createServer, type RequestListener, type Server } from 'node:http';
import { pathOf } from '../kit/http/exact-routes.ts';
import { httpStatus } from '../kit/http/http-status.ts';

export interface ChallengeServerOptions {
  /** The answer to a token (HTTP-01, RFC 8555 section 8.3). */
  readonly answer: (token: string) => string | undefined;
  /** Whose plain requests are led to HTTPS. */
  readonly hosts: readonly string[];
}

const PREFIX = '/.well-known/acme-challenge/';
const TEXT = { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' };

/** The plain HTTP server beside HTTPS: answers the authority, and leads people to HTTPS. Nothing of the API is served. */
export function createChallengeServer({ answer, hosts }: ChallengeServerOptions): Server {
  const listener: RequestListener = (req, res) => {
    const path = pathOf(req.url ?? '/') ?? '/';
    const host = (req.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
    const text = path.startsWith(PREFIX) ? answer(path.slice(PREFIX.length)) : undefined;
    if (text !== undefined) res.writeHead(200, TEXT).end(text);
    else if (path.startsWith(PREFIX) || !hosts.includes(host))
      res.writeHead(httpStatus.not_found, TEXT).end('404 page not found');
    else if (req.method !== 'GET' && req.method !== 'HEAD') res.writeHead(httpStatus.invalid, TEXT).end('Use HTTPS');
    else res.writeHead(302, { ...TEXT, Location: `https://${host}${req.url}` }).end();
  };
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, listener);
  server.maxConnections = 1000;
  return server;
}
