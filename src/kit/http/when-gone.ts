import type { IncomingMessage, ServerResponse } from 'node:http';
import { isHttp2 } from './is-http2.ts';

/**
 * Calls back once, when an answer is over, or its client has gone: for answers that have no end of their own. A client of HTTP/1.1 that
 * has closed its half of the connection may still want an answer, so Node waits until something cannot be written to it; of an answer
 * without end no one wants more then.
 */
export function whenGone(req: IncomingMessage, res: ServerResponse, done: () => void): void {
  if (res.closed || res.destroyed) {
    done();
    return;
  }
  const { socket } = req;
  const halfClosed = (): void => {
    res.destroy();
  };
  // `on`: neither comes twice, and what `once` keeps around a listener would be kept as long as the answer lasts.
  if (!isHttp2(req)) socket.on('end', halfClosed);
  res.on('close', () => {
    if (!isHttp2(req)) socket.off('end', halfClosed);
    done();
  });
}
