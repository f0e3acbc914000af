import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

export interface Seen {
  readonly path: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** What the server does with one request; `cut` drops the connection, `hang` never answers. */
export type Reply = 'cut' | 'hang' | { status?: number; headers?: Record<string, string>; body?: unknown };

export interface FakeHms extends AsyncDisposable {
  readonly origin: string;
  readonly ca: string;
  readonly signIns: Seen[];
  readonly pushes: Seen[];
  /** Answers of the next sign-ins and pushes; when they are used up, the good ones. */
  readonly signInReplies: Reply[];
  readonly pushReplies: Reply[];
  /** Trusts the server. */
  readonly agent: Agent;
}

/** HMS's sign-in and push hosts in one HTTPS server on port 0. */
export async function startFakeHms(): Promise<FakeHms> {
  const authority = makeAuthority();
  const signIns: Seen[] = [];
  const pushes: Seen[] = [];
  const signInReplies: Reply[] = [];
  const pushReplies: Reply[] = [];
  const server = https.createServer(authority.leaf(['localhost', '127.0.0.1']), async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const isSignIn = request.url === '/oauth2/v3/token';
    const seen = { path: request.url ?? '', headers: request.headers, text: Buffer.concat(chunks).toString() };
    (isSignIn ? signIns : pushes).push(seen);
    const good = isSignIn
      ? { body: { access_token: `token-${signIns.length}`, expires_in: 3600, token_type: 'Bearer' } }
      : { body: { code: '80000000', msg: 'Success', requestId: `r${pushes.length}` } };
    const reply: Reply = (isSignIn ? signInReplies : pushReplies).shift() ?? good;
    if (reply === 'hang') return;
    if (reply === 'cut') {
      request.socket.destroy();
      return;
    }
    const { status = 200, headers = {}, body = '' } = reply;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ connect: { ca: authority.ca } });
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.ca,
    signIns,
    pushes,
    signInReplies,
    pushReplies,
    agent,
    async [Symbol.asyncDispose]() {
      await agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
