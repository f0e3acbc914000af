/** web-push-testing: a push service that is not ours; it decrypts with http_ece and verifies with jsonwebtoken. */
import { createRequire } from 'node:module';
import { freePort } from '../support/free-port.ts';

export interface Subscribed {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  readonly clientHash: string;
}

interface Service {
  startServer(): void;
  readonly _server: { close(): void; closeAllConnections(): void };
}

export interface TestingPushService {
  /** `http://localhost:<port>` */
  readonly at: string;
  /** @param key the public key of the application server */
  subscribe(key: string): Promise<Subscribed>;
  expire(subscribed: Subscribed): Promise<void>;
  /** What has come so far, decrypted. */
  messages(subscribed: Subscribed): Promise<string[]>;
  close(): void;
}

const require = createRequire(import.meta.url);
const { PushApiModel } = require('web-push-testing/src/PushApiModel.js');
const WebPushTestingServer: new (model: object, port: number) => Service = require('web-push-testing/src/server.js');

/** It writes to the console what it does: silence that first. */
export async function startPushService(): Promise<TestingPushService> {
  const port = await freePort();
  const service = new WebPushTestingServer(new PushApiModel(), port);
  service.startServer();
  const at = `http://localhost:${port}`;
  async function post<T>(path: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${at}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const isJson = answer.headers.get('content-type')?.includes('json');
    return (isJson ? ((await answer.json()) as { data: T }).data : undefined) as T;
  }
  return {
    at,
    subscribe: (key) => post('/subscribe', { userVisibleOnly: 'true', applicationServerKey: key }),
    expire: ({ clientHash }) => post(`/expire-subscription/${clientHash}`, {}),
    messages: async ({ clientHash }) =>
      (await post<{ messages: string[] }>('/get-notifications', { clientHash })).messages,
    close() {
      service._server.closeAllConnections();
      service._server.close();
    },
  };
}
