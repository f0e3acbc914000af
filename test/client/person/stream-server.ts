import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What one connection gets; the last script is for all that follow. */
export type ConnectionScript = (res: ServerResponse, req: IncomingMessage) => void;

export interface StreamServer {
  readonly url: string;
  /** The connections so far, with what they brought. */
  readonly asked: readonly { readonly after: string | undefined; readonly token: string | undefined }[];
}

/** A server of streams that does as it is told, connection by connection. */
export async function streamServer(...scripts: ConnectionScript[]): Promise<StreamServer> {
  const asked: { after: string | undefined; token: string | undefined }[] = [];
  const server = createServer((req, res) => {
    const { 'last-event-id': after, authorization } = req.headers;
    const script = scripts[Math.min(asked.length, scripts.length - 1)] as ConnectionScript;
    asked.push({ after: after as string | undefined, token: authorization?.replace('Bearer ', '') });
    script(res, req);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export const idOf = (offset: number, epoch = 'e1'): string => `${epoch}.${String(offset).padStart(16, '0')}`;

export function begin(res: ServerResponse, position = idOf(0)): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'martlet-last-event-id': position });
  res.write('retry: 10\n:\n\n');
}

export function sendEvents(res: ServerResponse, ...ids: string[]): void {
  for (const id of ids)
    res.write(
      `id: ${id}\nevent: a\ndata: ${JSON.stringify({ id, type: 'a', user_id: 'ada', payload: id, timestamp: '' })}\n\n`,
    );
}

export const sendNotice = (res: ServerResponse, event: string, payload: object): void =>
  void res.write(`event: ${event}\ndata: ${JSON.stringify(payload)}\n\n`);

/** Events from `first` to `last`, then quiet. */
export const events =
  (first: number, last: number): ConnectionScript =>
  (res) => {
    begin(res, idOf(first - 1));
    sendEvents(res, ...Array.from({ length: last - first + 1 }, (_, index) => idOf(first + index)));
  };
