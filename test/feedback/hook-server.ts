import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { awaiting } from '../support/awaiting.ts';

export interface HookCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: { readonly token: string; readonly [key: string]: unknown };
}

/** Answers a call; what returns nothing answers 200, `hang` never. */
export type Script = (call: HookCall, number: number, res: ServerResponse) => 'hang' | undefined | Promise<undefined>;

/** A real feedback hook on a port of its own. */
export async function startHook(script: Script = () => undefined) {
  const calls: HookCall[] = [];
  const open = { now: 0, most: 0 };
  const server = createServer(
    awaiting(async (req, res) => {
      open.most = Math.max(open.most, ++open.now);
      res.on('close', () => open.now--);
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const call = { path: req.url as string, headers: req.headers, text, body: JSON.parse(text) as HookCall['body'] };
      calls.push(call);
      if ((await script(call, calls.length, res)) === 'hang') return;
      if (!res.headersSent && !res.destroyed) res.writeHead(200).end('thanks');
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let connections = 0;
  server.on('connection', () => connections++);
  return {
    calls,
    open,
    connections: () => connections,
    tokens: () => calls.map(({ body }) => body.token),
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const answer =
  (status: number, headers: Record<string, string> = {}) =>
  (res: ServerResponse): undefined => {
    res.writeHead(status, headers).end();
  };
