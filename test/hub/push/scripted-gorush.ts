import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Notification } from '../../../src/push/push.ts';
import { awaiting } from '../../support/awaiting.ts';

export interface SeenRequest {
  readonly headers: IncomingHttpHeaders;
  readonly notifications: readonly Notification[];
}

/** What it does with a push request: answers, or cuts the connection once it was read. */
export type GorushScript = (request: SeenRequest) => { status?: number; headers?: object; body?: object } | 'cut';

const logged = (notification: Notification, token: string, error: string): object => ({
  type: 'failed-push',
  platform: ['', 'ios', 'android', 'huawei'][notification.platform],
  token,
  message: notification.message ?? '',
  error,
});

/** A synchronous Gorush of whose tokens those named fail with these errors. */
export const failing =
  (errors: Readonly<Record<string, string>>, mask = (token: string) => token): GorushScript =>
  ({ notifications }) => ({
    body: {
      success: 'ok',
      counts: notifications.reduce((sum, { tokens }) => sum + tokens.length, 0),
      logs: notifications.flatMap((notification) =>
        notification.tokens
          .filter((token) => errors[token])
          .map((token) => logged(notification, mask(token), errors[token] as string)),
      ),
    },
  });

/** A Gorush, or with `martlet` a Martlet, that answers by script; ended with the test. */
export async function startGorush(script: GorushScript = failing({}), { martlet = false } = {}) {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const it = { script, health: 200, url: '', seen, tokens, stop, start };
  const server = createServer(
    awaiting(async (req, res) => {
      if (req.url === '/healthz') return void res.writeHead(it.health).end();
      if (req.url === '/version')
        return void res.end(JSON.stringify({ version: '1.22.0', ...(martlet ? { martlet: '1.0.0' } : {}) }));
      const { notifications } = JSON.parse(await text(req));
      const request = { headers: req.headers, notifications };
      seen.push(request);
      const answer = it.script(request);
      if (answer === 'cut') return void req.socket.destroy();
      res.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      res.end(JSON.stringify(answer.body ?? {}));
    }),
  );
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let port = 0;
  async function start(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }
  /** As if it had been killed. */
  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  /** Of all requests, in the order in which they came. */
  function tokens(): string[] {
    return seen.flatMap(({ notifications }) => notifications.flatMap((notification) => notification.tokens));
  }
  await start();
  it.url = `http://127.0.0.1:${port}`;
  onTestFinished(stop);
  return it;
}
