import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { awaiting } from '../support/awaiting.ts';

export interface TakenMessage {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

type Script = (
  message: TakenMessage,
) => { status: number; body?: string; headers?: Record<string, string> } | 'cut' | 'hang';

/** A Messages API of a test: answers as the script says, by default with a new id. */
export async function startMessagesServer(script: Script = () => ({ status: 201, body: '{"sid":"SM00000001"}' })) {
  const taken: TakenMessage[] = [];
  const server = createServer(
    awaiting(async (request, response) => {
      const message = {
        path: request.url ?? '',
        headers: request.headers,
        form: new URLSearchParams(await text(request)),
      };
      taken.push(message);
      const answer = script(message);
      if (answer === 'hang') return;
      if (answer === 'cut') return void request.socket.resetAndDestroy();
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body);
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
