import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { awaiting } from '../support/awaiting.ts';

export interface TakenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly ids?: string[] } & readonly { readonly to: string[]; readonly [key: string]: unknown }[];
}

export type ExpoAnswer = {
  readonly status?: number;
  readonly body: object | string;
  readonly headers?: Record<string, string>;
};

/** Tickets of acceptance for all tokens of a request. */
export const tickets = ({ body }: TakenRequest): ExpoAnswer => ({
  body: { data: body.flatMap(({ to }) => to.map((token) => ({ status: 'ok', id: `receipt-of-${token}` }))) },
});

/** Expo as a test wants it; `cut` ends the connection after the request. */
export async function startExpoServer(
  script: (taken: TakenRequest, count: number) => ExpoAnswer | 'cut' | Promise<ExpoAnswer> = tickets,
) {
  const taken: TakenRequest[] = [];
  const server = createServer(
    awaiting(async (request, response) => {
      const raw = await buffer(request);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      const one = { path: request.url ?? '', headers: request.headers, body: JSON.parse(text.toString()) };
      taken.push(one);
      const answer = await script(one, taken.length);
      if (answer === 'cut') return void request.socket.resetAndDestroy();
      const { status = 200, body, headers } = answer;
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
