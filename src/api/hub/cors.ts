import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { needOf } from '../../auth/route-scopes.ts';
import type { Config } from '../../config/schema.ts';

export interface CorsOptions {
  /** `hub.cors_origins`: `https://app.example.com`, compared as they are. */
  readonly origins: readonly string[];
  readonly uris: Config['api'];
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = 'Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID';
const ANSWER_HEADERS =
  'ETag, Location, Retry-After, Idempotency-Replayed, Martlet-Last-Event-ID, RateLimit, RateLimit-Policy';
const MAX_AGE_SECONDS = '7200';

/** A browser asks with the method that it means to use. */
const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

/**
 * Lets pages of these origins call what a person's token is for (https://fetch.spec.whatwg.org/#http-cors-protocol), and nothing
 * else. A preflight has no credentials, so this stands in front of whatever asks for them. Cookies and remembered passwords never
 * count: `Access-Control-Allow-Credentials` is not sent.
 */
export function withCors(app: RequestListener, { origins, uris }: CorsOptions): RequestListener {
  if (origins.length === 0) return app;
  const known = new Set(origins);
  const need = needOf(uris);
  const isForPages = (method: string, url: string): boolean => {
    const needed = need(method, url);
    return typeof needed === 'object' && needed.own;
  };
  const preflight = (req: IncomingMessage, res: ServerResponse): void => {
    res.writeHead(204, {
      'Access-Control-Allow-Methods': METHODS,
      'Access-Control-Allow-Headers': REQUEST_HEADERS,
      'Access-Control-Max-Age': MAX_AGE_SECONDS,
    });
    res.end();
    req.resume();
  };
  return (req, res) => {
    const { origin } = req.headers;
    const asked = isPreflight(req) ? (req.headers['access-control-request-method'] as string) : (req.method as string);
    if (origin === undefined || !isForPages(asked, req.url as string)) {
      app(req, res);
      return;
    }
    res.setHeader('Vary', 'Origin');
    if (known.has(origin)) {
      res.setHeader('Access-Control-Allow-Origin', origin);
      res.setHeader('Access-Control-Expose-Headers', ANSWER_HEADERS);
      if (isPreflight(req)) {
        preflight(req, res);
        return;
      }
    }
    app(req, res);
  };
}
