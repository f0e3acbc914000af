import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

export interface Received {
  readonly path: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
  /** CN of the client certificate, if one was shown. */
  readonly client: string | undefined;
}

export type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

export interface Peer extends AsyncDisposable {
  readonly origin: string;
  readonly ca: string;
  readonly received: Received[];
}

/** A TLS server on port 0 that answers each push as `script` says; default 200. */
export async function startPeer(script: (received: Received) => Answer | 'drop' | undefined): Promise<Peer> {
  const authority = makeAuthority();
  const server = http2.createSecureServer({
    ...authority.leaf(['localhost']),
    requestCert: true,
    rejectUnauthorized: false,
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  const received: Received[] = [];
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const socket = stream.session?.socket as TLSSocket | undefined;
      const client = socket?.getPeerCertificate()?.subject?.CN;
      const push = { path: String(headers[':path']), headers, body: Buffer.concat(chunks).toString(), client };
      received.push(push as Received);
      const answer = script(push as Received);
      if (answer === 'drop') return stream.session?.destroy();
      stream.respond({ ':status': answer?.status ?? 200, 'apns-id': 'A0', ...answer?.headers });
      stream.end(answer?.body === undefined ? '' : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.ca,
    received,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
