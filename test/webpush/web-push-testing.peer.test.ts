import { createRequire } from 'node:module';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { freePort } from '../support/free-port.ts';
import { push, reasonsOf, startTransport } from './web-workplace.ts';

/** web-push-testing: a push service that is not ours; it decrypts with http_ece and verifies with jsonwebtoken. */
interface Subscribed {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  readonly clientHash: string;
}
interface Service {
  startServer(): void;
  readonly _server: { close(): void; closeAllConnections(): void };
}

const require = createRequire(import.meta.url);
const { PushApiModel } = require('web-push-testing/src/PushApiModel.js');
const WebPushTestingServer: new (model: object, port: number) => Service = require('web-push-testing/src/server.js');

const pair = generateVapidPair();
let at: string;

async function post<T>(path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${at}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return (
    answer.headers.get('content-type')?.includes('json') ? ((await answer.json()) as { data: T }).data : undefined
  ) as T;
}

beforeAll(async () => {
  const port = await freePort();
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const service = new WebPushTestingServer(new PushApiModel(), port);
  service.startServer();
  at = `http://localhost:${port}`;
  return () => {
    service._server.closeAllConnections();
    service._server.close();
  };
});

const subscribe = (): Promise<Subscribed> =>
  post('/subscribe', { userVisibleOnly: 'true', applicationServerKey: pair.public_key });

function transport(vapid = [pair]) {
  const ways = { private_networks: ['127.0.0.0/8', '::1'] };
  return startTransport({ vapid, ways, extraHosts: [at] });
}

describe('a push service of others, over plain HTTP', () => {
  test('decrypts what comes, verifies who signed it, and hands it to the browser', async () => {
    const subscriptions = await Promise.all(Array.from({ length: 20 }, subscribe));
    const outcomes = await push(
      transport(),
      subscriptions.map((each) => JSON.stringify(each)),
      { title: 'Grüße', message: 'ä' },
    );
    expect(new Set(reasonsOf(outcomes))).toEqual(new Set(['accepted']));
    for (const { clientHash } of subscriptions) {
      const { messages } = await post<{ messages: string[] }>('/get-notifications', { clientHash });
      expect(messages.map((message) => JSON.parse(message))).toEqual([{ notification: { title: 'Grüße', body: 'ä' } }]);
    }
  });

  test('says when a subscription has expired, and refuses another key', async () => {
    const [one, other] = await Promise.all([subscribe(), subscribe()]);
    await post(`/expire-subscription/${one.clientHash}`, {});
    vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const pushed = transport();
    expect(reasonsOf(await push(pushed, [JSON.stringify(one), JSON.stringify(other)]))).toEqual([
      'Gone invalid_token',
      'accepted',
    ]);
    const foreign = transport([generateVapidPair()]);
    expect(reasonsOf(await push(foreign, [JSON.stringify(other)]))).toEqual(['BadRequest invalid_request']);
  });
});
