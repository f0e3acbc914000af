import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { leaf } from './tls.ts';

export interface NodePeer {
  readonly origin: string;
  readonly sessions: http2.ServerHttp2Session[];
}

/** A `node:http2` server for one test, with every open connection cut at its end. */
export async function startNodePeer(
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
  options: http2.SecureServerOptions = {},
): Promise<NodePeer> {
  const server = http2.createSecureServer({ ...leaf, ...options });
  const sessions: http2.ServerHttp2Session[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream as http2.ServerHttp2Stream, headers);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { origin: `https://localhost:${(server.address() as AddressInfo).port}`, sessions };
}

/** Answers 200 with the request's body and its path in `x-path`. */
export function echo(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'x-path': headers[':path'] });
    stream.end(Buffer.concat(chunks));
  });
}
