import { Agent } from 'undici';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';

export interface Seen {
  readonly path: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** What the server does with one request; `cut` drops the connection, `hang` never answers. */
export type Reply = 'cut' | 'hang' | { status?: number; headers?: Record<string, string>; body?: unknown };

export interface FakeHms extends ScriptedServer {
  readonly signIns: Seen[];
  readonly pushes: Seen[];
  /** Answers of the next sign-ins and pushes; when they are used up, the good ones. */
  readonly signInReplies: Reply[];
  readonly pushReplies: Reply[];
  /** Trusts the server. */
  readonly agent: Agent;
}

/** HMS's sign-in and push hosts in one server. */
export async function startFakeHms(): Promise<FakeHms> {
  const signIns: Seen[] = [];
  const pushes: Seen[] = [];
  const signInReplies: Reply[] = [];
  const pushReplies: Reply[] = [];
  const server = await startScriptedServer(
    (exchange) => {
      const { path, headers } = exchange;
      const isSignIn = path === '/oauth2/v3/token';
      (isSignIn ? signIns : pushes).push({ path, headers, text: exchange.body.toString() });
      const good = isSignIn
        ? { body: { access_token: `token-${signIns.length}`, expires_in: 3600, token_type: 'Bearer' } }
        : { body: { code: '80000000', msg: 'Success', requestId: `r${pushes.length}` } };
      const reply: Reply = (isSignIn ? signInReplies : pushReplies).shift() ?? good;
      if (reply === 'hang') return;
      if (reply === 'cut') return exchange.cut();
      const { status = 200, headers: more = {}, body = '' } = reply;
      exchange.respond(
        status,
        { 'content-type': 'application/json', ...more },
        typeof body === 'string' ? body : JSON.stringify(body),
      );
    },
    { http1: true },
  );
  const agent = new Agent({ connect: { ca: server.ca } });
  return {
    ...server,
    signIns,
    pushes,
    signInReplies,
    pushReplies,
    agent,
    async [Symbol.asyncDispose]() {
      await agent.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
