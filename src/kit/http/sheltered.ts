import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendError } from './answer.ts';
import { isHttp2 } from './is-http2.ts';

const ignore = (): void => {};

/**
 * Keeps what goes wrong with one request from being the process's: a handler that throws is answered with 500, and an answer that
 * cannot be written (its client is gone) has a listener.
 */
export const sheltered =
  (app: RequestListener, onError: (error: unknown) => void): RequestListener =>
  (req: IncomingMessage, res: ServerResponse) => {
    res.on('error', ignore);
    // One of node:http emits nothing without a listener.
    if (isHttp2(req)) req.on('error', ignore);
    try {
      app(req, res);
    } catch (error) {
      onError(error);
      if (res.headersSent) res.destroy();
      else sendError(res, 'internal', 'Internal Server Error');
    }
  };
