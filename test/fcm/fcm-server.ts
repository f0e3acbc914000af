import { once } from 'node:events';
import {
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: { message: Record<string, unknown>; validate_only?: boolean };
}

/** How a target is answered: status and body, or not at all. */
export type Script = (target: string, arrived: Arrived) => { status: number; body: unknown } | 'never' | 'cut';

const OK = { status: 200, body: { name: 'projects/p/messages/1' } };

/** FCM over real TLS and HTTP/2 on a free port. */
export async function startFcmServer(script: Script = () => OK) {
  const authority = makeAuthority();
  const arrived: Arrived[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer(authority.leaf(['localhost', '127.0.0.1']));
  server.on('session', (session) => sessions.add(session).size);
  server.on('stream', async (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    const push: Arrived = { headers, body: JSON.parse(await text(stream)) };
    arrived.push(push);
    const { token, topic, condition } = push.body.message;
    const answer = script(String(token ?? topic ?? condition), push);
    if (answer === 'cut') stream.session?.destroy();
    if (typeof answer === 'string') return;
    stream.respond({ ':status': answer.status, 'content-type': 'application/json' });
    stream.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.ca,
    arrived,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
