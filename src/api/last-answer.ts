import type { IncomingMessage } from 'node:http';

/** The header of an answer after which the connection is of no more use. HTTP/2 has no such header (RFC 9113 section 8.2.2). */
export const lastAnswer = (req: IncomingMessage): Record<string, string> =>
  req.httpVersionMajor >= 2 ? {} : { Connection: 'close' };
