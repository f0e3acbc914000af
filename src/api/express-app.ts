import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import { sendText } from '../kit/http/answer.ts';
import { expressOnHttp2 } from '../kit/http/express-on-http2.ts';
import { httpStatus } from '../kit/http/http-status.ts';
import { isHttp2 } from '../kit/http/is-http2.ts';

export interface ExpressAppOptions {
  /** The first that knows a request answers it. */
  readonly routers: readonly Router[];
  /** Of every answer. */
  readonly headers: Record<string, string>;
  /** Answers a request whose handler failed: never with a stack, and once. */
  readonly onError: (error: unknown, res: ServerResponse) => void;
}

const NOT_FOUND = '404 page not found';

function buildExpress({ routers, headers, onError }: ExpressAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_req, res, next) => {
    res.set(headers);
    next();
  });
  for (const router of routers) app.use(router);
  app.use((_req, res) => sendText(res, httpStatus.not_found, 'text/plain', NOT_FOUND));
  const errorHandler: ErrorRequestHandler = (error, _req, res, _next) => onError(error, res);
  app.use(errorHandler);
  return app;
}

/** The routes that take more than a method and a path to find, for requests of node:http and of node:http2's compatibility API. */
export function expressApp(options: ExpressAppOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const app = buildExpress(options);
  const http2App = expressOnHttp2(buildExpress(options));
  return (req, res) => (isHttp2(req) ? http2App : app)(req, res);
}
