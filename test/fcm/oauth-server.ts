import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { awaiting } from '../support/awaiting.ts';

export interface SignInRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Answers when it resolves. */
  readonly until?: Promise<void>;
}

/** A token endpoint on a free port, `answers` in turn, the last one again and again; by default a token that lasts an hour. */
export async function startOauthServer(...answers: readonly Answer[]) {
  const requests: SignInRequest[] = [];
  const server = createServer(
    awaiting(async (request, response) => {
      const form = new URLSearchParams(await text(request));
      const { method = '', url: path = '', headers } = request;
      const place = requests.push({ method, path, headers, form }) - 1;
      const answer = answers[Math.min(place, answers.length - 1)] ?? {};
      await answer.until;
      const body = answer.body ?? { access_token: `token-${place + 1}`, expires_in: 3600, token_type: 'Bearer' };
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    uri: `http://${host}/token`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
