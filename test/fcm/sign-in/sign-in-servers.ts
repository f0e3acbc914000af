import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { awaiting } from '../../support/awaiting.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export const STS = '/v1/token';
export const IAM = '/v1/projects/-/serviceAccounts/push@p.iam.gserviceaccount.com:generateAccessToken';

/** What Google's STS and IAM answer when all is well. `now` is the clock of the test, UNIX milliseconds. */
export const goodAnswers = (now: number): Record<string, Answer> => ({
  [STS]: {
    body: {
      access_token: 'federated',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3599,
    },
  },
  [IAM]: { body: { accessToken: 'impersonated', expireTime: new Date(now + 1_800_000).toISOString() } },
});

/** STS, IAM and metadata servers on one port of loopback: each path has its answer, other paths 404 with a page. */
export async function startSignInServers(answers: Readonly<Record<string, Answer>>) {
  const asked: Asked[] = [];
  const server = createServer(
    awaiting(async (request, response) => {
      const { method = '', url: path = '', headers } = request;
      asked.push({ method, path, headers, body: await text(request) });
      const answer = answers[path] ?? { status: 404, body: '<html>not here</html>' };
      const { status = 200, body = '' } = answer;
      response.writeHead(status, answer.headers);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
